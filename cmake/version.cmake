# The version is written twice: in CMakeLists.txt, and in the namespace of everything in the library. The exported
# symbols (exports.map) are named after both. If they differed, two versions in one program could be mixed up.

set(namespace_header ${PROJECT_SOURCE_DIR}/include/procpool/detail/namespace.hpp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${namespace_header})
file(STRINGS ${namespace_header} definition REGEX "^#define PROCPOOL_VERSION_NAMESPACE ")
string(REGEX REPLACE "^#define PROCPOOL_VERSION_NAMESPACE " "" PROCPOOL_VERSION_NAMESPACE "${definition}")
set(expected v${PROJECT_VERSION_MAJOR}_${PROJECT_VERSION_MINOR})
if(NOT PROCPOOL_VERSION_NAMESPACE STREQUAL expected)
    message(FATAL_ERROR "procpool: the version in CMakeLists.txt is ${PROJECT_VERSION}, but PROCPOOL_VERSION_NAMESPACE in "
                        "${namespace_header} is '${PROCPOOL_VERSION_NAMESPACE}'; make it ${expected}")
endif()
