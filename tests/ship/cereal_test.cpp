#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <forward_list>
#include <iterator>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <cereal/types/array.hpp>
#include <cereal/types/base_class.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/polymorphic.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/cereal.hpp>
#include <procpool/errors.hpp>
#include <procpool/pool.hpp>

#include "ship/travellers.hpp"
#include "support/lists.hpp"

namespace mp = procpool;
using support::listed;

namespace zoo {

class Shape {
public:
    virtual ~Shape() = default;
    [[nodiscard]] virtual double area() const = 0;
};

class Square : public Shape {
public:
    Square() = default;
    explicit Square(double side) : side_(side) {}
    [[nodiscard]] double area() const override { return side_ * side_; }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(side_));
    }

private:
    double side_ = 0;
};

/// One function a way, outside of the class.
struct Word {
    std::string text;
    bool loud = false;
    virtual ~Word() = default;
};
template <class Archive>
void save(Archive& archive, const Word& word) {
    archive(word.text, word.loud);
}
template <class Archive>
void load(Archive& archive, Word& word) {
    archive(word.text, word.loud);
}

using Shapes = std::vector<std::shared_ptr<Shape>>;

/// Large, however little of it is there.
struct Frame {
    std::array<double, 8192> pixels{};
    template <class Archive>
    void serialize(Archive& archive) {
        archive(pixels);
    }
};
struct Film {
    std::vector<Frame> frames;
    std::deque<Frame> trailer;
    std::list<Frame> cuts;
    std::forward_list<Frame> outtakes;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(frames, trailer, cuts, outtakes);
    }
};

/// A list that cereal follows, with no level of ours between.
struct Link {
    std::unique_ptr<Link> next;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(next);
    }
};

struct Switches {
    std::array<bool, 2> on{};
    template <class Archive>
    void serialize(Archive& archive) {
        archive(on);
    }
};

/// Trivially copyable; what only cereal sees is a function outside of the class.
struct Cage {
    bool opened = false;
};
template <class Archive>
void serialize(Archive& archive, Cage& cage) {
    archive(cage.opened);
    if constexpr (Archive::is_loading::value) {
        cage.opened = true;
    }
}

}  // namespace zoo

CEREAL_REGISTER_TYPE(zoo::Square)
CEREAL_REGISTER_POLYMORPHIC_RELATION(zoo::Shape, zoo::Square)
template <>
inline constexpr bool mp::enable_cereal<std::shared_ptr<zoo::Shape>> = true;
template <>
inline constexpr bool mp::enable_cereal<zoo::Shapes> = true;
template <>
inline constexpr bool mp::enable_cereal<zoo::Word> = true;
template <>
inline constexpr bool mp::enable_cereal<zoo::Film> = true;
template <>
inline constexpr bool mp::enable_cereal<zoo::Link> = true;
template <>
inline constexpr bool mp::enable_cereal<zoo::Switches> = true;
template <>
inline constexpr bool mp::enable_cereal<zoo::Cage> = true;

namespace {

TEST(Cereal, CarriesPolymorphicObjects) {
    mp::Pool pool{2};
    const std::vector<std::shared_ptr<zoo::Shape>> shapes{std::make_shared<zoo::Square>(2),
                                                          std::make_shared<zoo::Square>(3)};
    EXPECT_EQ(pool.map([](const std::shared_ptr<zoo::Shape>& s) { return s->area(); }, shapes),
              listed(4., 9.));
    const auto made = pool.map(
        [](double side) -> std::shared_ptr<zoo::Shape> {
            return std::make_shared<zoo::Square>(side);
        },
        std::vector<double>{2});
    EXPECT_EQ(made.at(0)->area(), 4);
}

TEST(Cereal, SharesAgainWhatAValueShares) {
    mp::Pool pool{1};
    const auto one = std::make_shared<zoo::Square>(2);
    const zoo::Shapes twice{one, one};
    EXPECT_TRUE(pool.apply([](const zoo::Shapes& s) { return s.at(0) == s.at(1); }, twice));
}

TEST(Cereal, CarriesWhatIsSavedAndLoadedOutsideOfItsClass) {
    mp::Pool pool{1};
    zoo::Word word;
    word.text = "a word that is certainly on the heap";
    word.loud = true;
    const auto bound =
        mp::bind_back([](int, const zoo::Word& w) { return std::pair(w, w.loud); }, word);
    const auto back = pool.map(bound, std::vector{1}).at(0);
    EXPECT_EQ(back.first.text, word.text);
    EXPECT_TRUE(back.second);
}

TEST(Cereal, CarriesWhatIsBoundThoughItIsTriviallyCopyable) {
    mp::Pool pool{1};
    const auto bound = [](int, const zoo::Cage& cage) { return cage.opened; };
    EXPECT_TRUE(pool.apply(mp::bind_back(bound, zoo::Cage{}), 1));
}

TEST(Cereal, CarriesSequencesOfLargeElements) {
    zoo::Film film;
    film.frames.resize(2);
    film.frames[1].pixels[5] = 1.5;
    film.trailer.resize(1);
    film.cuts.resize(3);
    film.outtakes.resize(2);
    film.outtakes.front().pixels[7] = 2.5;
    const auto bytes = ship_test::encode(film);
    const auto back = mp::detail::read_frame<zoo::Film>(bytes);
    EXPECT_EQ(back.frames.at(1).pixels[5], 1.5);
    EXPECT_EQ(back.trailer.size(), 1u);
    EXPECT_EQ(back.cuts.size(), 3u);
    EXPECT_EQ(back.outtakes.front().pixels[7], 2.5);
    EXPECT_EQ(std::distance(back.outtakes.begin(), back.outtakes.end()), 2);
}

/// The largest resident memory of this process so far, bytes.
std::size_t peak_memory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

TEST(Cereal, MakesElementsAsTheyComeAndNotAsManyAsACountClaims) {
    const std::size_t before = peak_memory();
    for (std::size_t empty_before = 0; empty_before < 4; ++empty_before) {
        std::vector<std::byte> bytes(100'000);
        const std::uint64_t count = 20'000;
        std::memcpy(bytes.data() + 1 + empty_before * sizeof count, &count, sizeof count);
        EXPECT_THROW(static_cast<void>(mp::detail::read_frame<zoo::Film>(bytes)), mp::DecodeError);
    }
    EXPECT_LT(peak_memory() - before, 64u << 20U);
}

TEST(Cereal, RefusesToReadWhatItsStackDoesNotBear) {
    const std::vector<std::byte> bytes(4 << 20U, std::byte{1});  // there is a next one, always
    EXPECT_THROW(static_cast<void>(mp::detail::read_frame<zoo::Link>(bytes)), mp::DecodeError);
}

TEST(Cereal, ReadsEveryByteAsABool) {
    const std::vector<std::byte> bytes{std::byte{0}, std::byte{9}, std::byte{9}};
    const auto switches = mp::detail::read_frame<zoo::Switches>(bytes);
    EXPECT_EQ(std::bit_cast<std::uint16_t>(switches.on), 0x0101);
}

TEST(Cereal, RefusesFramesOfTheWrongLength) {
    const zoo::Shapes shapes{std::make_shared<zoo::Square>(2), nullptr};
    const auto bytes = ship_test::encode(shapes);
    const auto read = [](std::span<const std::byte> frame) {
        return mp::detail::read_frame<zoo::Shapes>(frame);
    };
    EXPECT_EQ(read(bytes).size(), 2u);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(static_cast<void>(read(std::span(bytes).first(size))), mp::DecodeError);
    }
}

TEST(Cereal, RefusesAPolymorphicTypeThatIsUnknownHere) {
    const std::shared_ptr<zoo::Shape> shape = std::make_shared<zoo::Square>(2);
    auto bytes = ship_test::encode(shape);
    for (auto& byte : bytes) {
        if (byte == std::byte{'q'}) {
            byte = std::byte{'x'};
        }
    }
    EXPECT_THROW(static_cast<void>(mp::detail::read_frame<std::shared_ptr<zoo::Shape>>(bytes)),
                 mp::DecodeError);
}

}  // namespace
