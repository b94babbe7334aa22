#include <string>
#include <typeinfo>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

[[noreturn]] void throw_not_as_measured(const std::type_info& type, const std::string& how) {
    throw NotShippable("procpool: a value of type " + readable_name(type) + " was written " + how +
                       " than it was measured just before: its serialize(), or that of a value in "
                       "it, must give the archive the same both times, and nothing may change the "
                       "value meanwhile");
}

}  // namespace

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

void throw_longer_than_measured(const std::type_info& type) {
    throw_not_as_measured(type, "longer");
}

void throw_shorter_than_measured(const std::type_info& type, std::size_t left) {
    throw_not_as_measured(type, std::to_string(left) + " bytes shorter");
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
