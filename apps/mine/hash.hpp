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

/// True for the hashes of 32 bits, adler32 and crc32.
[[nodiscard]] constexpr bool is_checksum(Hash hash) {
    return hash == Hash::adler32 || hash == Hash::crc32;
}

/// The hash as big-endian bytes, computed from scratch by the plain functions of zlib and OpenSSL
/// (EVP). Every answer is verified with it.
[[nodiscard]] std::string digest(Hash hash, std::string_view text);

/// The libraries that compute the hashes, with their versions.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> library_versions();

/// Bytes in hexadecimal: two lowercase digits each.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// The bytes of such a text. None unless it is an even number of hexadecimal digits.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view digits);

/// The beginning of a hash as a number: all of a checksum, the first 64 bits of other hashes.
[[nodiscard]] std::uint64_t leading_number(std::string_view digest);

}  // namespace mine
