#include "reach.hpp"

#include "adler_reach.hpp"
#include "crc_reach.hpp"

namespace mine {

std::vector<Reach> reach(const Goal& goal, std::string_view base, std::string_view alphabet,
                         std::uint32_t shortest, std::uint32_t longest) {
    return goal.hash == Hash::adler32 ? adler_reach(goal, base, alphabet, shortest, longest)
                                      : crc_reach(goal, base, alphabet, shortest, longest);
}

}  // namespace mine
