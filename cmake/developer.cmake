# The second build of the library, and everything that is built on top of it.

# What most sources of the library include is compiled once. A user's build has no precompiled header: it is the proof
# that each source includes what it needs (tests/consumer).
target_precompile_headers(
    procpool
    PRIVATE
    <algorithm> <array> <atomic> <cstdint> <cstring> <memory> <optional> <span> <string> <string_view> <system_error>
    <utility> <vector>
    <procpool/detail/engine.hpp>)

# Tests that make system calls fail or stop a process at a step of the protocol link a library with hooks for that. The
# objects of sources that see no hook are the same in both libraries.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.hpp)
set(sees_hooks "engine/shared/steps.hpp|os/fault.hpp")
function(procpool_keep_with_hooks files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${${files}})
    foreach(file IN LISTS ${files})
        file(STRINGS ${file} found REGEX "^#include \"(${sees_hooks})\"")
        if(NOT found)
            list(REMOVE_ITEM ${files} ${file})
        endif()
    endforeach()
    set(${files} ${${files}} PARENT_SCOPE)
endfunction()
set(seen "")
while(NOT seen STREQUAL sees_hooks) # a header that includes one of them, and so on
    set(seen "${sees_hooks}")
    set(with_hooks ${headers})
    procpool_keep_with_hooks(with_hooks)
    foreach(header IN LISTS with_hooks)
        file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR}/src ${header})
        if(NOT name MATCHES "^(${sees_hooks})$")
            string(APPEND sees_hooks "|${name}")
        endif()
    endforeach()
endwhile()

procpool_library(procpool_instrumented STATIC)
target_compile_definitions(procpool_instrumented PUBLIC PROCPOOL_INSTRUMENTED=1)
if(NOT PROCPOOL_UNITY) # where one object holds sources of both kinds
    get_target_property(with_hooks procpool_instrumented SOURCES)
    procpool_keep_with_hooks(with_hooks)
    set_property(TARGET procpool_instrumented PROPERTY SOURCES ${with_hooks})
    list(TRANSFORM with_hooks REPLACE ".*/src/" "/src/")
    list(JOIN with_hooks "|" with_hooks)
    target_sources(
        procpool_instrumented
        PRIVATE "$<FILTER:$<TARGET_OBJECTS:procpool>,EXCLUDE,(${with_hooks})>")
endif()
target_precompile_headers(procpool_instrumented REUSE_FROM procpool)
# One compile command a source is what clang-tidy and editors want.
set_target_properties(procpool_instrumented PROPERTIES EXPORT_COMPILE_COMMANDS OFF)

option(PROCPOOL_FUZZ "Build the targets of libFuzzer, and no other test" OFF)
enable_testing()
include(cmake/testing.cmake)
include(cmake/docs.cmake)
include(cmake/xgboost.cmake)

# The library is compiled as users get it. Most of what runs on top of it waits more than it computes, so it is compiled
# fast. What has to be as with users says so (OPTIMISED, and every program that tests start).
set(procpool_as_shipped "")
set(procpool_for_tests "")
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT PROCPOOL_SANITIZE)
    add_compile_options(-O1)
    set(procpool_as_shipped -O2)
elseif(PROCPOOL_SANITIZE MATCHES "undefined" AND NOT PROCPOOL_FUZZ)
    # Both sanitizers in all that the headers make of a test take g++ three times as long. Undefined behaviour is looked
    # for in the library, in the tests of ship, which is what the headers do with bytes, and by the fuzzers.
    set(procpool_for_tests -O0 -fno-sanitize=undefined)
endif()
foreach(folder tests bench apps cli examples)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
        add_subdirectory(${folder})
    endif()
endforeach()

if(TARGET procpool_cli AND PROCPOOL_INSTALL)
    install(TARGETS procpool_cli COMPONENT procpool_tool)
endif()
