# The library is every source of every room but threads. It is built once for the user and, in developer mode, a second
# time with test hooks.

include(GNUInstallDirs)
include(${CMAKE_CURRENT_LIST_DIR}/version.cmake)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Source lines in stack traces: libdw's headers are needed here, and libdw itself at run time, if it is installed there.
option(PROCPOOL_LIBDW "Name source lines in stack traces where libdw is found" ON)
if(PROCPOOL_LIBDW)
    find_path(PROCPOOL_LIBDW_INCLUDE_DIR elfutils/libdwfl.h)
    mark_as_advanced(PROCPOOL_LIBDW_INCLUDE_DIR)
    if(NOT PROCPOOL_LIBDW_INCLUDE_DIR)
        message(STATUS "procpool: stack traces without source lines (for them, install libdw-dev)")
    endif()
endif()

option(PROCPOOL_UNITY "Compile the library's sources by the dozen: three times as fast, but all twelve after a change" OFF)

# procpool_library(<target> [<type>])
function(procpool_library target)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/src/threads/") # a library of its own: cmake/thread_pool.cmake
    add_library(${target} ${ARGN} ${sources})
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_include_directories(
        ${target}
        PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
        PRIVATE ${PROJECT_SOURCE_DIR}/src)
    # Without a PLT the dynamic linker looks up every function when the program is loaded, not at its first call. At a
    # first call it would take locks, and more of the stack than there may be, in a signal handler (trace/crash.cpp and
    # what it calls). And each fork server and each worker would look up the same functions again: a tenth of what a
    # pool costs to make.
    target_compile_options(${target} PRIVATE -fno-plt)
    # Both are part of libc since glibc 2.34; before that they are libraries of their own.
    target_link_libraries(${target} PUBLIC Threads::Threads PRIVATE ${CMAKE_DL_LIBS})
    if(PROCPOOL_LIBDW AND PROCPOOL_LIBDW_INCLUDE_DIR)
        target_compile_definitions(${target} PRIVATE PROCPOOL_HAS_LIBDW=1)
        target_include_directories(${target} SYSTEM PRIVATE ${PROCPOOL_LIBDW_INCLUDE_DIR})
    endif()
    set_target_properties(
        ${target}
        PROPERTIES CXX_EXTENSIONS OFF
                   UNITY_BUILD ${PROCPOOL_UNITY}
                   UNITY_BUILD_BATCH_SIZE 12
                   POSITION_INDEPENDENT_CODE ON
                   VERSION ${PROJECT_VERSION}
                   SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()
