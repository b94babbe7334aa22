// must say: a value of this type cannot travel to another process
// must say: give the class a public constructor without arguments
// must say: and a public member `template <class A> void serialize(A& archive)
// must say: procpool/cereal.hpp
#include <string>
#include <vector>

#include <procpool/pool.hpp>

class Name {
public:
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

void wrong(procpool::Pool& pool, const std::vector<Name>& items) {
    pool.map([](const Name& name) { return name.text(); }, items);
}
