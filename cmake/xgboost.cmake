# The trees of `procpool forest`: the target PkgConfig::xgboost, if Debian's libxgboost-dev is installed. Found by
# pkg-config, because the CMake files of that package refer to a program that it does not have.

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(xgboost QUIET IMPORTED_TARGET GLOBAL xgboost)
endif()
