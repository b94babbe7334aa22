// fuzz: longest input 65536
#include <array>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <cereal/types/array.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/polymorphic.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

#include <procpool/cereal.hpp>
#include <procpool/errors.hpp>

#include "fuzz.hpp"

// What cereal reads for us.

namespace procpool::fuzz {

class Shape {
public:
    virtual ~Shape() = default;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(name_, tags_, on_);
    }

private:
    std::string name_;
    std::map<std::string, std::vector<int>> tags_;
    bool on_ = false;
};
class Round : public Shape {
public:
    template <class Archive>
    void serialize(Archive& archive) {
        archive(radius_);
    }

private:
    double radius_ = 0;
};

using Shapes = std::vector<std::shared_ptr<Shape>>;

/// Large, however little of it is there.
struct Frame {
    std::array<double, 8192> pixels{};
    std::array<bool, 4> flags{};
    template <class Archive>
    void serialize(Archive& archive) {
        archive(flags, pixels);
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
/// A list that cereal follows.
struct Link {
    std::unique_ptr<Link> next;
    std::vector<Link> more;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(next, more);
    }
};

}  // namespace procpool::fuzz

CEREAL_REGISTER_TYPE(procpool::fuzz::Round)
CEREAL_REGISTER_POLYMORPHIC_RELATION(procpool::fuzz::Shape, procpool::fuzz::Round)
template <>
inline constexpr bool procpool::enable_cereal<procpool::fuzz::Shapes> = true;
template <>
inline constexpr bool procpool::enable_cereal<procpool::fuzz::Film> = true;
template <>
inline constexpr bool procpool::enable_cereal<procpool::fuzz::Link> = true;

namespace procpool::fuzz {

template <class T>
void check(Bytes bytes) {
    try {
        const auto value = detail::read_frame<T>(bytes);
        std::vector<std::byte> written(detail::frame_size(value));
        detail::Writer to(written, typeid(T));
        detail::write_frame(to, value);
        to.finish();
    } catch (const DecodeError&) {
        // that is an answer
    } catch (const NotShippable&) {
        // what was read with the last of the stack may be too deep to write
    }
}

/// The byte in front of a value that cereal carries is 0: whatever it was, it chooses.
void decode(Bytes bytes) {
    std::vector<std::byte> frame(bytes.begin(), bytes.end());
    if (frame.empty()) {
        return check<Shapes>(frame);
    }
    const auto choice = std::to_integer<unsigned>(std::exchange(frame.front(), std::byte{0}));
    switch (choice % 3) {
        case 0:
            return check<Shapes>(frame);
        case 1:
            return check<Film>(frame);
        default:
            return check<Link>(frame);
    }
}

}  // namespace procpool::fuzz
