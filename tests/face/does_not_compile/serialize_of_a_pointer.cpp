// must say: a const char* means nothing in another process
#include <vector>

#include <procpool/pool.hpp>

class Name {
public:
    template <class Archive>
    void serialize(Archive& archive) {
        archive(text_);
    }

private:
    const char* text_ = "";
};

void wrong(procpool::Pool& pool, const std::vector<Name>& items) {
    pool.for_each([](const Name&) {}, items);
}
