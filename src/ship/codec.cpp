#include <string>

#include <procpool/detail/bytes.hpp>
#include <procpool/errors.hpp>

namespace procpool::detail {

void throw_short_frame(std::size_t wanted, std::size_t left) {
    throw DecodeError("procpool: a value ends too early: " + std::to_string(wanted) +
                      " bytes wanted, " + std::to_string(left) +
                      " left; something wrote over it on its way");
}

void throw_long_frame(std::size_t left) {
    throw DecodeError("procpool: a value has " + std::to_string(left) +
                      " bytes too many; something wrote over it on its way");
}

void throw_bad_choice(std::size_t read, std::size_t count) {
    throw DecodeError("procpool: a value chooses alternative " + std::to_string(read) + " of " +
                      std::to_string(count) + "; something wrote over it on its way");
}

void throw_too_deep() {
    throw DecodeError("procpool: values lie in one another more than " + std::to_string(max_depth) +
                      " deep: flatten them, a long list into a std::vector for one");
}

void throw_foreign(const char* why) {
    throw DecodeError(std::string("procpool: a value cannot be read: ") + why);
}

}  // namespace procpool::detail
