# How tests are registered. tests/CMakeLists.txt says how to add one.

# procpool_guarded_test(<room>/<name> COMMAND <command>... [SOAK] [TIMEOUT <seconds>] [LABELS <label>...])
#
# Any command as a test: run under tests/guard, labelled with its room as well. SOAK: run by `ctest -C soak` only.
# The label `alone` keeps others from running beside it. TIMEOUT: what it may take on a usual machine.
function(procpool_guarded_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SOAK" "TIMEOUT" "COMMAND;LABELS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "test ${name}: what is '${arg_UNPARSED_ARGUMENTS}'?")
    endif()
    set(timeout 60)
    set(configurations "")
    if(arg_SOAK)
        set(timeout 1200)
        set(configurations CONFIGURATIONS soak)
    endif()
    if(arg_TIMEOUT)
        set(timeout ${arg_TIMEOUT})
    endif()
    # There are machines on which a page fault costs twenty times as much, and a fork four times.
    set(allowance 2)
    if(PROCPOOL_SANITIZE)
        set(allowance 4)
    endif()
    math(EXPR timeout "${allowance} * ${timeout}")
    math(EXPR last_resort "${timeout} + 30") # the guard ends the test; this would end the guard

    string(REGEX REPLACE "/.*" "" room ${name})
    add_test(NAME ${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/guard ${timeout} ${arg_COMMAND} ${configurations})
    # What may take longest begins first.
    set_tests_properties(${name} PROPERTIES TIMEOUT ${last_resort} COST ${timeout} LABELS "${room};${arg_LABELS}")
    if("alone" IN_LIST arg_LABELS)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
endfunction()

# procpool_test(<room>/<name> [INSTRUMENTED] [SOAK] [THOROUGH] [DEBUG_INFORMATION] [OPTIMISED] [TIMEOUT <seconds>]
#               [LABELS <label>...] [LINK <library>...] [NEEDS <target>...])
#
# The GoogleTest program tests/<room>/<name>_test.cpp as one test. INSTRUMENTED: it links procpool_instrumented.
# THOROUGH: its suites `Thorough*` are a test of their own, <room>/<name>_soak, for soak only.
# DEBUG_INFORMATION: all that the compiler can write, as a user has it, not lines alone. OPTIMISED: it is compiled like the
# library, as it computes for long or is about what the compiler makes of an item. LINK: what it is about, if that is not
# the library. NEEDS: programs that it starts.
# For every label there is a target `tests_<label>` that builds the tests that carry it.
function(procpool_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "INSTRUMENTED;SOAK;THOROUGH;DEBUG_INFORMATION;OPTIMISED" "TIMEOUT" "LABELS;LINK;NEEDS")
    procpool_library_of_test(library ${arg_INSTRUMENTED})
    string(REPLACE / _ target test_${name})
    add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${name}_test.cpp)
    target_link_libraries(${target} PRIVATE ${library}_test_base ${arg_LINK})
    if(arg_NEEDS)
        add_dependencies(${target} ${arg_NEEDS})
    endif()
    string(REGEX REPLACE "/.*" "" room ${name})
    if(arg_DEBUG_INFORMATION)
        target_compile_options(${target} PRIVATE -g) # the precompiled header has less
    elseif(procpool_for_tests AND room STREQUAL "ship")
        # As the library, unlike the precompiled header.
    elseif(arg_OPTIMISED)
        target_compile_options(${target} PRIVATE ${procpool_as_shipped}) # the precompiled header is for less
    else()
        target_compile_options(${target} PRIVATE ${procpool_for_tests})
        target_precompile_headers(${target} REUSE_FROM test_pch)
    endif()

    if(TARGET programs_${room})
        add_dependencies(${target} programs_${room})
    endif()
    foreach(label ${room} ${arg_LABELS})
        if(NOT TARGET tests_${label})
            add_custom_target(tests_${label})
        endif()
        add_dependencies(tests_${label} ${target})
    endforeach()

    set(run "")
    if(arg_SOAK)
        list(APPEND run SOAK)
    endif()
    if(arg_TIMEOUT)
        list(APPEND run TIMEOUT ${arg_TIMEOUT})
    endif()
    set(command $<TARGET_FILE:${target}>)
    if(arg_THOROUGH)
        procpool_guarded_test(${name}_soak COMMAND ${command} --gtest_filter=Thorough* SOAK LABELS ${arg_LABELS})
        list(APPEND command --gtest_filter=-Thorough*)
    endif()
    procpool_guarded_test(${name} COMMAND ${command} ${run} LABELS ${arg_LABELS})
endfunction()

# procpool_test_program(<room>/<name> [INSTRUMENTED])
#
# The program tests/<room>/<name>_program.cpp, for the tests of its room to start.
function(procpool_test_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "INSTRUMENTED" "" "")
    procpool_library_of_test(library ${arg_INSTRUMENTED})
    string(REPLACE / _ target program_${name})
    add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${name}_program.cpp)
    target_link_libraries(${target} PRIVATE ${library} test_support)
    target_compile_options(${target} PRIVATE ${procpool_as_shipped})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    cmake_path(GET name PARENT_PATH room)
    cmake_path(GET name FILENAME filename)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${filename}
                                               RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/programs/${room})
    if(NOT TARGET programs_${room})
        add_custom_target(programs_${room})
    endif()
    add_dependencies(programs_${room} ${target})
endfunction()

function(procpool_library_of_test variable instrumented)
    if(instrumented)
        set(${variable} procpool_instrumented PARENT_SCOPE)
    else()
        set(${variable} procpool PARENT_SCOPE)
    endif()
endfunction()
