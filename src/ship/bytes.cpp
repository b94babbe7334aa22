#include <string>

#include <procpool/detail/bytes.hpp>
#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

void throw_short_frame(std::size_t wanted, std::size_t left) {
    throw DecodeError("procpool: a value ends too early: " + std::to_string(wanted) +
                      " bytes wanted, " + std::to_string(left) +
                      " left; something wrote over it on its way, or a serialize() "
                      "reads other members than it writes");
}

void throw_long_frame(std::size_t left) {
    throw DecodeError(
        "procpool: a value has " + std::to_string(left) +
        " bytes too many; something wrote over it on its way, or a serialize() reads other "
        "members than it writes");
}

void throw_bad_choice(std::size_t read, std::size_t count) {
    throw DecodeError("procpool: a value chooses alternative " + std::to_string(read) + " of " +
                      std::to_string(count) + "; something wrote over it on its way");
}

void throw_foreign(const char* why) {
    throw DecodeError(std::string("procpool: a value cannot be read: ") + why);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
