#include "mine_options.hpp"

#include "mine/hash.hpp"
#include "mine/search.hpp"
#include "options.hpp"
#include "tool/exit.hpp"

namespace procpool::cli {

void add_mine_options(CLI::App& command, MineOptions& options) {
    mine::Request& request = options.request;

    command.option_defaults()->group("What is hashed");
    auto* hash = command.add_option("--hash", options.hash, "The hash function")
                     ->check(CLI::IsMember({"adler32", "crc32", "sha256", "sha256d"}))
                     ->capture_default_str();
    auto* base = command.add_option("--base", request.base, "The text to which letters are added")
                     ->capture_default_str();
    auto* alphabet =
        command.add_option("--alphabet", request.alphabet, "The letters to choose from, in order")
            ->capture_default_str();
    auto* min_length =
        command
            .add_option("--min-length", options.min_length,
                        "How many letters to add at least [as many as the goal needs]")
            ->check(whole(1, mine::longest_suffix));
    auto* max_length =
        command.add_option("--max-length", options.max_length, "How many letters to add at most")
            ->check(whole(1, mine::longest_suffix));

    command.option_defaults()->group("When it counts as found");
    auto* prefix = command.add_option("--prefix", request.prefix, "What the hash begins with")
                       ->capture_default_str();
    auto* digits = command
                       .add_option("--digits", options.digits,
                                   "How the hash is written: hex has a fixed width, dec has not")
                       ->check(CLI::IsMember({"hex", "dec"}))
                       ->capture_default_str();
    auto* zero_bits =
        command
            .add_option("--zero-bits", options.zero_bits, "With how many bits 0 the hash begins")
            ->excludes(prefix)
            ->excludes(digits);
    command.add_option("--count", request.count, "How many answers to find")
        ->check(whole(1))
        ->capture_default_str();

    command.option_defaults()->group("A Bitcoin block instead");
    auto* block = command.add_option("--block-header", request.header,
                                     "The 76 bytes before the nonce, in hexadecimal");
    for (auto* option : {hash, base, alphabet, min_length, max_length, prefix, digits, zero_bits}) {
        block->excludes(option);
    }
    const auto add_nonce = [&](const char* name, std::uint32_t& nonce, const char* help) {
        command.add_option(name, nonce, help)
            ->check(whole(0, 0xffffffff))
            ->needs(block)
            ->capture_default_str();
    };
    add_nonce("--nonce-from", request.nonce_from, "The first nonce");
    add_nonce("--nonce-to", request.nonce_to, "The last nonce");

    command.option_defaults()->group("How");
    command.add_option("--strategy", options.strategy, "In which order letters are tried")
        ->check(CLI::IsMember({"random", "enumerate"}))
        ->capture_default_str()
        ->excludes(block);
    command.add_option("--seed", request.seed, "The seed of the random letters")
        ->check(whole(0))
        ->capture_default_str()
        ->excludes(block);
    command.add_option("--limit", request.limit, "Give up after this many hashes")->check(whole(1));
    add_processes(command, options.processes);
    command.add_flag("--compare", options.compare,
                     "Do it with a normal map, on threads and on processes");
    command.add_flag("--json", options.json, "Print all figures by name");
}

void complete_request(const CLI::App& command, MineOptions& options) {
    mine::Request& request = options.request;
    request.hash = mine::hash_of_name(options.hash).value();
    request.digits = options.digits == "dec" ? mine::Digits::dec : mine::Digits::hex;
    request.strategy =
        options.strategy == "enumerate" ? mine::Strategy::enumerate : mine::Strategy::random;
    if (command.count("--zero-bits") > 0) {
        request.zero_bits = options.zero_bits;
    }
    if (command.count("--min-length") > 0) {
        request.min_length = options.min_length;
    }
    if (command.count("--max-length") > 0) {
        request.max_length = options.max_length;
    }
    if (command.count("--block-header") > 0 && request.header.empty()) {
        throw tool::BadUsage("--block-header is empty: give the 76 bytes before the nonce");
    }
}

}  // namespace procpool::cli
