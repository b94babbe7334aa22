// must say: give it a public constructor without arguments
#include <string>
#include <utility>
#include <vector>

#include <procpool/pool.hpp>

class Name {
public:
    explicit Name(std::string text) : text_(std::move(text)) {}
    template <class Archive>
    void serialize(Archive& archive) {
        archive(text_);
    }

private:
    std::string text_;
};

void wrong(procpool::Pool& pool, const std::vector<Name>& items) {
    pool.for_each([](const Name&) {}, items);
}
