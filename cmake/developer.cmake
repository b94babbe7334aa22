# The second build of the library, and everything that is built on top of it.

# Tests that make system calls fail, or stop a process at a step of the protocol, link this one.
procpool_library(procpool_instrumented STATIC)
target_compile_definitions(procpool_instrumented PUBLIC PROCPOOL_INSTRUMENTED=1)
# clang-tidy and editors want one compile command per source.
set_target_properties(procpool_instrumented PROPERTIES EXPORT_COMPILE_COMMANDS OFF)

option(PROCPOOL_FUZZ "Build the targets of libFuzzer, and no other test" OFF)
enable_testing()
include(cmake/testing.cmake)
include(cmake/docs.cmake)
include(cmake/xgboost.cmake)

foreach(folder tests bench apps cli examples)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
        add_subdirectory(${folder})
    endif()
endforeach()

if(TARGET procpool_cli AND PROCPOOL_INSTALL)
    install(TARGETS procpool_cli COMPONENT procpool_tool)
endif()
