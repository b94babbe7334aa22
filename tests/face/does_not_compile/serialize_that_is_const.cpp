// must say: the serialize(archive) member of this class is const
// must say: take the const away
#include <string>
#include <vector>

#include <procpool/pool.hpp>

class Name {
public:
    template <class A>
    void serialize(A& archive) const {
        archive(text_);
    }

private:
    std::string text_;
};

int main() {
    procpool::Pool pool{1};
    pool.map([](const Name&) { return 1; }, std::vector<Name>(3));
}
