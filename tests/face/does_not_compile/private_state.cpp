// must say: this class is trivially copyable, but its members cannot be seen
// must say: specialise procpool::enable_shippable<T>
// must say: Angle
#include <vector>

#include <procpool/pool.hpp>

class Angle {
public:
    double degrees() const { return degrees_; }

private:
    double degrees_ = 0;
};

struct Turn {
    int when;
    Angle angle;
};

void wrong(procpool::Pool& pool, const std::vector<Turn>& items) {
    pool.map([](const Turn& turn) { return turn.angle.degrees(); }, items);
}
