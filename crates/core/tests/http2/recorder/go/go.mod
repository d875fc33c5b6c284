module sidetone.example/peer

go 1.24
