#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mine {

enum class Hash : std::uint32_t { adler32, crc32, sha256, sha256d };

[[nodiscard]] std::string_view to_string(Hash hash);
[[nodiscard]] std::optional<Hash> hash_of_name(std::string_view name);

/// True for the hashes that are numbers of 32 bits.
[[nodiscard]] constexpr bool is_checksum(Hash hash) {
    return hash == Hash::adler32 || hash == Hash::crc32;
}

/// The hash as big-endian bytes, computed from scratch by the library's plain function (zlib,
/// OpenSSL's EVP): what every answer is verified with.
[[nodiscard]] std::string digest(Hash hash, std::string_view text);

/// The libraries that hash and their versions.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> library_versions();

/// Two lowercase digits a byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// The reverse; none unless it is an even number of hexadecimal digits.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view digits);

/// The first bytes as a big-endian number: all of a checksum, 64 bits of the others.
[[nodiscard]] std::uint64_t leading_number(std::string_view digest);

}  // namespace mine
