# How every target is compiled in developer mode: strictly, with the sanitizers that PROCPOOL_SANITIZE names, and
# through the compiler cache if PROCPOOL_CCACHE says so.

set(PROCPOOL_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

if(PROCPOOL_SANITIZE)
    add_compile_options(-fsanitize=${PROCPOOL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${PROCPOOL_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang AND PROCPOOL_SANITIZE MATCHES "address")
    # Frames on the heap would find returns to what is gone, but they do not follow a process from stack to stack, and
    # every fork copies them.
    add_compile_options(-fsanitize-address-use-after-return=never)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND PROCPOOL_SANITIZE)
    # With sanitizers g++ 12 warns of accesses in its own standard library that never happen.
    add_compile_options(-Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    # g++ counts a precompiled header as memory of its own, so with a large one it collects garbage all the time: a fifth
    # of the time, for little. Below 1 GiB it does not; what takes most here takes 0.6. clang-tidy, which reads no such
    # headers, does not know the option.
    add_compile_options(--param=ggc-min-heapsize=1048576)
endif()

# For who goes from branch to branch. A first build takes a fifth longer with it: it reads each precompiled header whole.
option(PROCPOOL_CCACHE "Compile through ccache" OFF)
if(PROCPOOL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # A precompiled header is cached by what went into it, not by the time at which it was made.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ccache)
    if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
        add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
    endif()
endif()
