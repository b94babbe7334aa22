#include <procpool/detail/codec.hpp>
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

}  // namespace procpool::detail
