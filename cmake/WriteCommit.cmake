# Writes OUT, a header with the version, commit and date of the folder SOURCE. VERSION: the number to use without a tag.
cmake_minimum_required(VERSION 3.22)
find_package(Git QUIET)
set(number "${VERSION}")
set(commit "unknown")
set(date "")
set(dirty 0)

function(ask_git answer)
  set(text "")
  if(GIT_FOUND)
    execute_process(COMMAND ${GIT_EXECUTABLE} -C ${SOURCE} ${ARGN}
      OUTPUT_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(failed)
      set(text "")
    endif()
  endif()
  set(${answer} "${text}" PARENT_SCOPE)
endfunction()

set(described "")
set(archived "")
if(EXISTS "${SOURCE}/cmake/archived_commit.txt")  # filled in by `git archive` (.gitattributes)
  file(READ "${SOURCE}/cmake/archived_commit.txt" archived)
endif()
ask_git(head rev-parse --verify HEAD)
if(archived MATCHES "^([0-9a-f]+) ([0-9-]+) ([^\n]*)")
  set(commit "${CMAKE_MATCH_1}")
  set(date "${CMAKE_MATCH_2}")
  set(described "${CMAKE_MATCH_3}")
elseif(head)
  set(commit "${head}")
  ask_git(changes status --porcelain --untracked-files=no)
  if(changes)
    set(dirty 1)
  endif()
  ask_git(day log -1 --format=%cs)
  if(day MATCHES "^[0-9-]+$")
    set(date "${day}")
  endif()
  # Tags of a repository that contains SOURCE as a subfolder have nothing to do with our version.
  ask_git(top rev-parse --show-cdup)
  if("${top}" STREQUAL "")
    ask_git(described describe --tags --match "v[0-9]*.[0-9]*.[0-9]*" --exclude "*[!v0-9.]*")
  endif()
endif()
if(described MATCHES "^v([0-9]+\\.[0-9]+\\.[0-9]+)(-([0-9]+)-(g[0-9a-f]+))?$")
  set(number "${CMAKE_MATCH_1}")
  if(CMAKE_MATCH_2)
    string(APPEND number "+${CMAKE_MATCH_3}.${CMAKE_MATCH_4}")
  endif()
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT
"#pragma once
namespace mambasynth::version::generated {
inline constexpr char const* number = \"@number@\";
inline constexpr char const* commit = \"@commit@\";
inline constexpr char const* date = \"@date@\";
inline constexpr bool dirty = @dirty@;
}
" @ONLY)
