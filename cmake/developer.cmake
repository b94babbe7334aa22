# The second build of the library, and everything that is built on top of it.

# What most sources of the library include is compiled once. A user's build has no precompiled header: it is the proof
# that each source includes what it needs (tests/consumer).
target_precompile_headers(
    procpool
    PRIVATE
    <algorithm> <array> <atomic> <cstdint> <cstring> <memory> <optional> <span> <string> <string_view> <system_error>
    <utility> <vector>
    <procpool/detail/engine.hpp>)

# Tests that make system calls fail or stop a process at a step of the protocol link a library with hooks for that.
# Only these rooms have any; the objects of the others are the same in both libraries.
set(rooms_with_hooks os engine face)
list(JOIN rooms_with_hooks "|" rooms_with_hooks)
procpool_library(procpool_instrumented STATIC)
target_compile_definitions(procpool_instrumented PUBLIC PROCPOOL_INSTRUMENTED=1)
get_target_property(sources procpool_instrumented SOURCES)
list(FILTER sources INCLUDE REGEX "/src/(${rooms_with_hooks})/")
set_property(TARGET procpool_instrumented PROPERTY SOURCES ${sources})
target_sources(
    procpool_instrumented
    PRIVATE "$<FILTER:$<TARGET_OBJECTS:procpool>,EXCLUDE,/src/(${rooms_with_hooks})/>")
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
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT PROCPOOL_SANITIZE)
    add_compile_options(-O1)
    set(procpool_as_shipped -O2)
endif()
foreach(folder tests bench apps cli examples)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
        add_subdirectory(${folder})
    endif()
endforeach()

if(TARGET procpool_cli AND PROCPOOL_INSTALL)
    install(TARGETS procpool_cli COMPONENT procpool_tool)
endif()
