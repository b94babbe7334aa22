// must say: a shared_vector holds trivially copyable values without pointers
#include <string>

#include <procpool/shared.hpp>

procpool::shared_vector<std::string> wrong;
