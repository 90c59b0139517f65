import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: `
import qualified Data.ByteString as B

main :: IO ()
main = B.getContents >>= B.putStr
`,
  argumentsAndBytes: `
import qualified Data.ByteString as B
import System.Environment (getArgs)
import System.IO

main :: IO ()
main = do
  getArgs >>= mapM_ putStrLn
  hFlush stdout
  B.putStr (B.pack [0x00, 0xff, 0x80, 0x0a])
`,
  exitSeven: `
import System.Exit
import System.IO

main :: IO ()
main = do
  putStrLn "before"
  hPutStrLn stderr "why"
  exitWith (ExitFailure 7)
`,
  signal: {
    code: `
import System.Posix.Signals

main :: IO ()
main = raiseSignal sigKILL
`,
    name: 'SIGKILL',
  },
  broken: {
    code: 'main :: IO ()\nmain = putStrLn (1 :: Int)\n',
    verdict: 'compile_error',
    says: "Couldn't match type",
  },
  loop: `
main :: IO ()
main = count 0

count :: Int -> IO ()
count n = if n < 0 then print n else count (n + 1)
`,
  memory: `
import Control.Monad
import qualified Data.ByteString as B
import Data.IORef

main :: IO ()
main = do
  kept <- newIORef []
  forM_ [1 ..] $ \\n -> do
    let block = B.replicate 1048576 (fromIntegral (n :: Int))
    block \`seq\` modifyIORef' kept (block :)
`,
  flood: `
import Control.Monad
import qualified Data.ByteString.Char8 as B

main :: IO ()
main = replicateM_ 100 (B.putStr (B.concat (replicate 16384 line)))
  where
    line = B.pack "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n"
`,
  forkBomb: {
    code: `
import Control.Exception
import System.Posix.Process
import System.Posix.Types

main :: IO ()
main = do
  _ <- try (forkProcess main) :: IO (Either IOException ProcessID)
  main
`,
    verdicts: ['time_limit', 'wall_time_limit', 'memory_limit'],
  },
  daemon: `
import System.Process

main :: IO ()
main = do
  callCommand "setsid sleep 300 &"
  putStrLn "left"
`,
  network: `
import System.Exit
import System.Process

main :: IO ()
main = do
  end <- system "bash -c 'exec 3<>/dev/tcp/1.1.1.1/80' 2>/dev/null"
  putStrLn (if end == ExitSuccess then "connected" else "no network")
`,
  shadow: `
import Control.Exception

main :: IO ()
main = do
  text <- try (readFile "/etc/shadow") :: IO (Either IOException String)
  putStrLn (either (const "denied") id text)
`,
};
