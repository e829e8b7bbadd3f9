# cmake -DKIND=... -DSOURCE=... -DWORK=... -DFANIN_BUILD=... -P consume.cmake: configures, builds, installs and runs the
# project in SOURCE/KIND with everything it writes under WORK, and fails with the output of the step that failed.
function(step what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what} failed (${result}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK}/prefix ${WORK}/installed)
set(options -DCMAKE_BUILD_TYPE=Release)
if(KIND STREQUAL find_package)
  # From scratch each time: a stale cache could hide a package file that is not installed any more.
  file(REMOVE_RECURSE ${WORK}/build)
  step("installing fanin" ${CMAKE_COMMAND} --install ${FANIN_BUILD} --prefix ${WORK}/prefix)
  list(APPEND options -DCMAKE_PREFIX_PATH=${WORK}/prefix)

  get_filename_component(root ${SOURCE}/../.. ABSOLUTE)
  file(GLOB_RECURSE package_files ${WORK}/prefix/*/fanin*.cmake)
  list(LENGTH package_files count)
  if(count LESS 4)
    message(FATAL_ERROR "package files are missing, there are only: ${package_files}")
  endif()
  foreach(file ${package_files})
    file(READ ${file} text)
    foreach(word "${root}/" fanin_options nlohmann -Wall)
      string(FIND "${text}" "${word}" at)
      if(NOT at EQUAL -1)
        message(FATAL_ERROR "${file} contains '${word}', which only the build tree knows")
      endif()
    endforeach()
  endforeach()
  foreach(file mnist/t10k-images-idx3-ubyte.gz mnist/t10k-labels-idx1-ubyte.gz mnist/train-images-idx3-ubyte.gz
      mnist/train-labels-idx1-ubyte.gz mnist/README.md
      digits/images-idx3-ubyte.gz digits/labels-idx1-ubyte.gz digits/README.md)
    if(NOT EXISTS ${WORK}/prefix/share/fanin/${file})
      message(FATAL_ERROR "${file} is not installed")
    endif()
  endforeach()
else()
  # The library is compiled once more here: with little optimization, and in a tree that is kept.
  list(APPEND options -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
endif()

step("configuring" ${CMAKE_COMMAND} -S ${SOURCE}/${KIND} -B ${WORK}/build -G ${GENERATOR}
     -DCMAKE_CXX_COMPILER=${COMPILER} ${options})
step("building" ${CMAKE_COMMAND} --build ${WORK}/build --parallel 2)
step("running" ${WORK}/build/quickstart)
message(STATUS "the program says: ${output}")

step("installing the consumer" ${CMAKE_COMMAND} --install ${WORK}/build --prefix ${WORK}/installed)
file(GLOB_RECURSE installed RELATIVE ${WORK}/installed ${WORK}/installed/*)
if(NOT installed STREQUAL "bin/quickstart")
  message(FATAL_ERROR "the consumer's install brought more than its program: ${installed}")
endif()
