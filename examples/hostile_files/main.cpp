// A survey of ten thousand pictures, many of them damaged, with a reader that crashes on some and
// never returns from others. On threads the first bad one ends the program; on a pool each costs
// itself.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include <procpool/procpool.hpp>

#include "fragile_gif.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

/// A directory that goes with the program.
class Scratch {
public:
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "hostile-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("cannot make a directory like " + name);
        }
        path_ = name;
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// Sound pictures, three of four of them then damaged in one to four bytes, some cut short.
std::vector<std::string> make_files(const std::filesystem::path& directory, int count,
                                    std::uint64_t seed) {
    std::vector<std::string> files;
    std::mt19937_64 random(seed);
    const auto below = [&random](std::uint64_t bound) { return random() % bound; };
    for (int i = 0; i < count; ++i) {
        const std::string path = (directory / (std::to_string(i) + ".gif")).string();
        hostile::write_picture(path, i);
        if (below(4) != 0) {
            std::ifstream in(path, std::ios::binary);
            std::string bytes{std::istreambuf_iterator<char>(in), {}};
            in.close();
            if (below(16) == 0) {
                bytes.resize(bytes.size() / 2 + below(bytes.size() / 2));
            }
            for (std::uint64_t n = 1 + below(4); n > 0; --n) {
                bytes[below(bytes.size())] = static_cast<char>(below(256));
            }
            std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
        }
        files.push_back(path);
    }
    return files;
}

/// The end of the story is the signal that ends this program.
void survey_on_threads(const std::vector<std::string>& files) {
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> read{0};
    std::vector<std::thread> threads;
    constexpr int many = 32;  // enough for one to reach a crash before all are caught in a loop
    for (int i = 0; i < many; ++i) {
        threads.emplace_back([&] {
            for (std::size_t at = next++; at < files.size(); at = next++) {
                try {
                    hostile::read_fragile(files[at]);
                    ++read;
                } catch (const std::runtime_error&) {
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::printf("threads: %zu pictures read\n", read.load());
}

/// How an item failed, in a few words.
std::string reason_of(const mp::Outcome<hostile::Picture>& outcome) {
    try {
        outcome.rethrow();
    } catch (const mp::WorkerDied& e) {
        return "crashed: " + std::string(::strsignal(e.signal()));
    } catch (const mp::TaskTimeout&) {
        return "never returned";
    } catch (const std::runtime_error& e) {
        return std::string("refused: ") + e.what();
    }
    return "read";
}

/// The number of pictures on which the reader and the careful one disagree.
int survey_on_pool(const std::vector<std::string>& files, std::chrono::milliseconds timeout,
                   int shown) {
    mp::Pool pool;
    const auto outcomes =
        pool.try_map(&hostile::read_fragile, files, {.timeout = timeout, .progress = "pictures"});
    std::map<std::string, int> reasons;
    int good = 0;
    int wrong = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (outcomes[i]) {
            ++good;
        } else {
            const std::string reason = reason_of(outcomes[i]);
            if (++reasons[reason] <= shown) {
                std::printf("%s: %s\n", files[i].c_str(), outcomes[i].error().message().c_str());
            }
        }
        try {
            const hostile::Picture sound = hostile::read_careful(files[i]);
            wrong += outcomes[i] && *outcomes[i] == sound ? 0 : 1;
        } catch (const std::runtime_error&) {
            // Damaged: whatever the fragile reader said of it.
        }
    }
    std::printf("%zu files, %d pictures read\n", files.size(), good);
    for (const auto& [reason, count] : reasons) {
        std::printf("%6d %s\n", count, reason.c_str());
    }
    return wrong;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Reads damaged pictures with a fragile reader, each in a worker process that may die of "
        "it.\nExit codes: 0 every sound picture was read; 1 one was not; 2 bad usage; with "
        "--threads usually the signal that ends the program."};
    int count = 10'000;
    std::uint64_t seed = 1;
    int timeout = 50;
    int shown = 1;
    bool threads = false;
    app.add_option("--files", count, "Pictures to make")->check(CLI::Range(1, 1'000'000));
    app.add_option("--seed", seed, "Of the damage");
    app.add_option("--timeout", timeout, "Milliseconds for a picture")
        ->check(CLI::Range(1, 60'000));
    app.add_option("--show", shown, "Messages to show of each kind");
    app.add_flag("--threads", threads, "Read them on threads instead");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    try {
        const Scratch scratch;
        const auto files = make_files(scratch.path(), count, seed);
        if (threads) {
            survey_on_threads(files);
            return 0;
        }
        const int wrong = survey_on_pool(files, std::chrono::milliseconds(timeout), shown);
        if (wrong != 0) {
            std::printf("%d sound pictures were not read right\n", wrong);
        }
        return wrong == 0 ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "hostile_files: %s\n", e.what());
        return 2;
    }
}
