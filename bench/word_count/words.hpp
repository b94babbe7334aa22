#pragma once

#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <unistd.h>

#include "../measure.hpp"

/// The words of 5,000 files are counted, all in one table.
namespace bench {

inline constexpr int files_to_count = 5'000;
inline constexpr int words_in_a_file = 1'000;
inline constexpr int different_words = 20'000;
inline constexpr Plan word_plan{.samples = 5, .warmup = 1};

using Words = std::unordered_map<std::string, long>;

/// The files, in a directory of their own that is gone with this object. A few words are frequent
/// and most are rare, as in a language.
class Library {
public:
    Library() {
        const auto pattern = std::filesystem::temp_directory_path() / "procpool_words_XXXXXX";
        std::string name = pattern.string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no directory for the files");
        }
        directory_ = name;
        std::mt19937_64 random(1);
        std::uniform_real_distribution<> share(0, 1);
        for (int i = 0; i < files_to_count; ++i) {
            std::string text;
            for (int word = 0; word < words_in_a_file; ++word) {
                const auto rank = static_cast<int>(std::pow(different_words, share(random)));
                text += spelled(rank);
                text += word % 12 == 11 ? '\n' : ' ';
            }
            const auto file = directory_ / std::to_string(i);
            std::ofstream(file) << text;
            files_.push_back(file.string());
        }
    }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    ~Library() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    [[nodiscard]] const std::vector<std::string>& files() const { return files_; }

private:
    /// Numbers in letters: short ones are frequent.
    static std::string spelled(int rank) {
        std::string word;
        for (; rank > 0; rank /= 26) {
            word += static_cast<char>('a' + rank % 26);
        }
        return word + "e";
    }

    std::filesystem::path directory_;
    std::vector<std::string> files_;
};

inline std::string text_of(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline void count(Words& words, std::string_view text) {
    constexpr std::string_view blank = " \n";
    for (std::size_t at = text.find_first_not_of(blank); at != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(blank, at), text.size());
        ++words[std::string(text.substr(at, end - at))];
        at = text.find_first_not_of(blank, end);
    }
}

inline void merge(Words& all, const Words& more) {
    for (const auto& [word, number] : more) {
        all[word] += number;
    }
}

/// Throws if a word was lost.
inline void check(const Words& words) {
    long total = 0;
    for (const auto& [word, number] : words) {
        total += number;
    }
    if (total != long{files_to_count} * words_in_a_file) {
        throw std::runtime_error("words were lost");
    }
}

}  // namespace bench
