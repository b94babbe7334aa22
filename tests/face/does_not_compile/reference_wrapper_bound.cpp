// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
#include <functional>
#include <string>
#include <vector>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, std::string& text, const std::vector<int>& items) {
    const auto f = [](int i, const std::string& s, const std::string& t) {
        return s.size() + t.size() + static_cast<std::size_t>(i);
    };
    pool.map(procpool::bind_back(f, std::ref(text), std::string("more")), items);
}
