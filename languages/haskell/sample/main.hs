main :: IO ()
main = do
  text <- getContents
  let numbers = map read (words text) :: [Integer]
  putStrLn ("sum: " ++ show (sum numbers))
