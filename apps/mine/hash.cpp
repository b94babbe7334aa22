#include "hash.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include <zlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace mine {

namespace {

constexpr std::array<std::string_view, 4> names{"adler32", "crc32", "sha256", "sha256d"};

using Checksum = uLong (*)(uLong, const Bytef*, z_size_t);

std::string checksum(Checksum function, std::string_view text) {
    const uLong start = function(0, nullptr, 0);
    const uLong sum = function(start, reinterpret_cast<const Bytef*>(text.data()), text.size());
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes += static_cast<char>(sum >> shift & 0xff);
    }
    return bytes;
}

std::string sha256(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned length = 0;
    if (EVP_Digest(text.data(), text.size(), bytes.data(), &length, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("OpenSSL cannot compute sha256");
    }
    return {reinterpret_cast<const char*>(bytes.data()), length};
}

int value_of_digit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

}  // namespace

std::string_view to_string(Hash hash) { return names.at(static_cast<std::size_t>(hash)); }

std::optional<Hash> hash_of_name(std::string_view name) {
    const auto* found = std::ranges::find(names, name);
    if (found == names.end()) {
        return std::nullopt;
    }
    return static_cast<Hash>(found - names.begin());
}

std::string digest(Hash hash, std::string_view text) {
    switch (hash) {
        case Hash::adler32:
            return checksum(adler32_z, text);
        case Hash::crc32:
            return checksum(crc32_z, text);
        case Hash::sha256:
            return sha256(text);
        case Hash::sha256d:
            return sha256(sha256(text));
    }
    throw std::logic_error("no such hash");
}

std::vector<std::pair<std::string, std::string>> library_versions() {
    return {{"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)}, {"zlib", zlibVersion()}};
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char byte : bytes) {
        text += digits[static_cast<unsigned char>(byte) >> 4];
        text += digits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

std::optional<std::string> from_hex(std::string_view digits) {
    if (digits.size() % 2 != 0) {
        return std::nullopt;
    }
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const int high = value_of_digit(digits[i]);
        const int low = value_of_digit(digits[i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

std::uint64_t leading_number(std::string_view digest) {
    std::uint64_t number = 0;
    for (const char byte : digest.substr(0, 8)) {
        number = number << 8 | static_cast<unsigned char>(byte);
    }
    return number;
}

}  // namespace mine
