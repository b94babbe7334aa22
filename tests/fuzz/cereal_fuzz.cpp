// fuzz: longest input 65536
#include <map>
#include <memory>
#include <string>
#include <vector>

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

}  // namespace procpool::fuzz

CEREAL_REGISTER_TYPE(procpool::fuzz::Round)
CEREAL_REGISTER_POLYMORPHIC_RELATION(procpool::fuzz::Shape, procpool::fuzz::Round)
template <>
inline constexpr bool procpool::enable_cereal<procpool::fuzz::Shapes> = true;

namespace procpool::fuzz {

void decode(Bytes bytes) {
    try {
        const auto shapes = detail::read_frame<Shapes>(bytes);
        std::vector<std::byte> written(detail::frame_size(shapes));
        require(detail::write_frame(written.data(), shapes) == written.data() + written.size());
    } catch (const DecodeError&) {
        // that is an answer
    }
}

}  // namespace procpool::fuzz
