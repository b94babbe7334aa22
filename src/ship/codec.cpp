#include <string>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/depth.hpp>
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

namespace {

[[noreturn]] void throw_deep(Way way, const std::string& message) {
    if (way == Way::reading) {
        throw DecodeError(message);
    }
    throw NotShippable(message);
}

}  // namespace

void throw_too_deep(Way way) {
    throw_deep(way, "procpool: values lie in one another more than " + std::to_string(max_depth) +
                        " deep: flatten them, a long list into a std::vector for one");
}

void throw_stack_too_short(Way way) {
    throw_deep(way,
               "procpool: values lie in one another deeper than the stack of this thread bears: "
               "flatten them, put what is large in them into a std::vector, or raise the limit "
               "(ulimit -s)");
}

void throw_foreign(const char* why) {
    throw DecodeError(std::string("procpool: a value cannot be read: ") + why);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
