#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <cereal/types/base_class.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/polymorphic.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/cereal.hpp>
#include <procpool/errors.hpp>
#include <procpool/pool.hpp>

namespace mp = procpool;
using testing::ElementsAre;

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

}  // namespace zoo

CEREAL_REGISTER_TYPE(zoo::Square)
CEREAL_REGISTER_POLYMORPHIC_RELATION(zoo::Shape, zoo::Square)
template <>
inline constexpr bool mp::enable_cereal<std::shared_ptr<zoo::Shape>> = true;
template <>
inline constexpr bool mp::enable_cereal<zoo::Shapes> = true;
template <>
inline constexpr bool mp::enable_cereal<zoo::Word> = true;

namespace {

TEST(Cereal, CarriesPolymorphicObjects) {
    mp::Pool pool{2};
    const std::vector<std::shared_ptr<zoo::Shape>> shapes{std::make_shared<zoo::Square>(2),
                                                          std::make_shared<zoo::Square>(3)};
    EXPECT_THAT(pool.map([](const std::shared_ptr<zoo::Shape>& s) { return s->area(); }, shapes),
                ElementsAre(4, 9));
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

TEST(Cereal, RefusesFramesOfTheWrongLength) {
    const zoo::Shapes shapes{std::make_shared<zoo::Square>(2), nullptr};
    std::vector<std::byte> bytes(mp::detail::frame_size(shapes));
    mp::detail::write_frame(bytes.data(), shapes);
    const auto read = [](std::span<const std::byte> frame) {
        return mp::detail::read_frame<zoo::Shapes>(frame);
    };
    EXPECT_EQ(read(bytes).size(), 2u);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_THROW(static_cast<void>(read(std::span(bytes).first(size))), mp::DecodeError);
}

TEST(Cereal, RefusesAPolymorphicTypeThatIsUnknownHere) {
    const std::shared_ptr<zoo::Shape> shape = std::make_shared<zoo::Square>(2);
    std::vector<std::byte> bytes(mp::detail::frame_size(shape));
    mp::detail::write_frame(bytes.data(), shape);
    for (auto& byte : bytes) {
        if (byte == std::byte{'q'}) byte = std::byte{'x'};
    }
    EXPECT_THROW(static_cast<void>(mp::detail::read_frame<std::shared_ptr<zoo::Shape>>(bytes)),
                 mp::DecodeError);
}

}  // namespace
