// must say: trust(f) is for callables that are trivially copyable
#include <string>

#include <procpool/bind.hpp>

auto wrong(std::string s) {
    return procpool::trust([s](int) { return s; });
}
