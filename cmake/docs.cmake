# The target `docs`: the reference in build/<preset>/docs/index.html. A warning of Doxygen's is an error.

find_program(PROCPOOL_DOXYGEN doxygen)
mark_as_advanced(PROCPOOL_DOXYGEN)
if(PROCPOOL_DOXYGEN)
    configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
    add_custom_target(docs COMMAND ${PROCPOOL_DOXYGEN} ${PROJECT_BINARY_DIR}/Doxyfile)
else()
    add_custom_target(docs COMMAND ${CMAKE_COMMAND} -E echo "the reference needs doxygen: ./setup --ci" COMMAND false)
endif()
