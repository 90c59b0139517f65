package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	reader := bufio.NewReader(os.Stdin)
	sum := 0
	for {
		var number int
		if _, err := fmt.Fscan(reader, &number); err != nil {
			break
		}
		sum += number
	}
	fmt.Println("sum:", sum)
}
