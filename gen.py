print("number,customer,issued_on,due_on,currency,total")
for n in range(3000): print(f"B-{n:05d},C-1007,2026-10-01,2026-10-31,USD,{n+1}.00")
