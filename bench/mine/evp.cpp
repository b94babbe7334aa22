// The same candidates through OpenSSL's EVP, which copies the state of the base for each. The
// difference is what the kernel saves by OpenSSL's low-level functions.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "work.hpp"

namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Context make_context() { return {EVP_MD_CTX_new(), &EVP_MD_CTX_free}; }

}  // namespace

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, bench::mine_plan);
    constexpr std::string_view base = "I miss DSR already";
    constexpr std::uint64_t count = bench::candidates / 4;
    const Context before = make_context();
    const Context now = make_context();
    EVP_DigestInit_ex(before.get(), EVP_sha256(), nullptr);
    EVP_DigestUpdate(before.get(), base.data(), base.size());
    bench::report(bench::measure_candidates(plan, count, [&] {
        std::string suffix = "aaaaaaa";
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        for (std::uint64_t i = 0; i < count; ++i) {
            for (std::size_t place = suffix.size(); place-- > 0;) {
                if (++suffix[place] <= 'z') {
                    break;
                }
                suffix[place] = 'a';
            }
            EVP_MD_CTX_copy_ex(now.get(), before.get());
            EVP_DigestUpdate(now.get(), suffix.data(), suffix.size());
            EVP_DigestFinal_ex(now.get(), digest.data(), nullptr);
            bench::keep(digest);
        }
    }));
}
