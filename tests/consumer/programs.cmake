# The programs of every consumer project. consumer_programs(<library>): what the project has found is linked.
function(consumer_programs library)
    set(here ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
    add_executable(consumer ${here}/main.cpp ${here}/second.cpp)
    add_executable(readme ${here}/../../examples/docs/readme.cpp)
    foreach(program consumer readme)
        target_link_libraries(${program} PRIVATE ${library})
    endforeach()
endfunction()
