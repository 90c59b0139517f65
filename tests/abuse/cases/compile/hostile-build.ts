import type { Submission } from '../../../support/client.ts';
import { submission } from '../../programs.ts';

/**
 * A Haskell program whose build runs `shell` in /box right after the linker has written the program `main`. Template Haskell
 * runs code of the source inside the compiler; here it puts a linker of its own first in the search path.
 */
export function hostileBuild(shell: string, main = 'main = putStrLn "built"'): Submission {
  const linker = `#!/bin/sh
/usr/bin/\${0##*/} "$@" || exit
grep -qxse '"main"' -- "\${1#@}" || exit 0
cd /box || exit
${shell}
`;
  return submission(
    'haskell',
    `{-# LANGUAGE TemplateHaskell #-}
import Language.Haskell.TH.Syntax
import System.Directory
import System.Environment
import System.Exit
import System.IO
import System.Process
$(runIO (do
    machine <- readProcess "uname" ["-m"] ""
    let linker = "/box/" ++ filter (/= '\\n') machine ++ "-linux-gnu-gcc"
    writeFile linker ${haskellString(linker)}
    getPermissions linker >>= setPermissions linker . setOwnerExecutable True
    setEnv "PATH" "/box:/usr/bin:/bin") >> return [])
main :: IO ()
${main}
`,
  );
}

function haskellString(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}
