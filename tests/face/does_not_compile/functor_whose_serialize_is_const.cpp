// must say: the serialize(archive) member of this class is const, but it is to fill the members as
// well
#include <vector>

#include <procpool/pool.hpp>

struct Scale {
    double factor = 1;
    template <class Archive>
    void serialize(Archive& archive) const {
        archive(factor);
    }
    double operator()(double x) const { return factor * x; }
};

int main() {
    procpool::Pool pool{1};
    pool.map(Scale{2}, std::vector{1.0});
}
