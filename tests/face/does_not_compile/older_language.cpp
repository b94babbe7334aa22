// compile with: -std=c++17
// must say: procpool needs C++20: compile with -std=c++20
#include <procpool/procpool.hpp>
