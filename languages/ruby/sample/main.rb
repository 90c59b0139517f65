numbers = $stdin.read.split.map(&:to_i)
puts "sum: #{numbers.sum}"
