BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'invoicepay','0001_ledger','2026-11-27 20:50:03.533696+00:00');
CREATE TABLE allocations (
    payment_seq INTEGER NOT NULL REFERENCES payments (seq),
    position INTEGER NOT NULL,
    invoice_id INTEGER NOT NULL REFERENCES invoices (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (payment_seq, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "allocations" VALUES(1,0,1,10000);
INSERT INTO "allocations" VALUES(2,0,3,7525);
INSERT INTO "allocations" VALUES(3,0,2,10000);
CREATE TABLE company (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    website TEXT NOT NULL,
    tax_id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    terms TEXT NOT NULL,
    remit_to TEXT NOT NULL,
    logo BLOB NOT NULL
) STRICT;
INSERT INTO "company" VALUES(1,'Tidewheel Supply Co.','','','','','','America/New_York','USD','','',X'');
CREATE TABLE contact_customers (
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    PRIMARY KEY (contact_id, customer_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "contact_customers" VALUES('payer',1);
INSERT INTO "contact_customers" VALUES('stranger',2);
CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE CHECK (email = lower(email)),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('customer', 'finance', 'admin')),
    status TEXT NOT NULL CHECK (status IN ('invited', 'active', 'disabled')),
    password_hash TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO "contacts" VALUES('finance','finance@example.com','finance','finance','active','');
INSERT INTO "contacts" VALUES('payer','payer@example.com','payer','customer','active','');
INSERT INTO "contacts" VALUES('stranger','stranger@example.com','stranger','customer','active','');
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE CHECK (number <> ''),
    name TEXT NOT NULL,
    email TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    currency TEXT NOT NULL DEFAULT '',
    terms_days INTEGER NOT NULL DEFAULT 30,
    gateway_id TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO "customers" VALUES(1,'C-1','Harbor Finch','','','',30,'cus_0');
INSERT INTO "customers" VALUES(2,'C-2','Nettle Hill','','','',30,'');
CREATE TABLE invites (
    code_hash TEXT PRIMARY KEY,
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE invoice_lines (
    invoice_id INTEGER NOT NULL REFERENCES invoices (id),
    position INTEGER NOT NULL,
    description TEXT NOT NULL,
    quantity TEXT NOT NULL,
    unit_price TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL DEFAULT 0,
    tax_rate TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (invoice_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE invoices (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE CHECK (number <> ''),
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_memo')),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    issued_day INTEGER NOT NULL,
    due_day INTEGER NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    total_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL DEFAULT 0,
    paid_minor INTEGER NOT NULL DEFAULT 0,
    reserved_minor INTEGER NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
    po_number TEXT NOT NULL DEFAULT '',
    order_number TEXT NOT NULL DEFAULT '',
    memo TEXT NOT NULL DEFAULT '',
    disputed INTEGER NOT NULL DEFAULT 0 CHECK (disputed IN (0, 1)),
    paid_day INTEGER,
    voided_day INTEGER,
    content_digest TEXT NOT NULL DEFAULT '',
    open_minor INTEGER NOT NULL GENERATED ALWAYS AS
        (CASE WHEN voided_day IS NULL THEN total_minor - paid_minor ELSE 0 END) STORED,
    CHECK (CASE kind WHEN 'invoice' THEN paid_minor BETWEEN 0 AND total_minor
                     ELSE paid_minor BETWEEN total_minor AND 0 END),
    CHECK (reserved_minor <= abs(open_minor))
) STRICT;
INSERT INTO "invoices" VALUES(1,'INV-1','invoice',1,20727,20757,'USD',10000,0,10000,0,'','','',0,20759,NULL,'2e50b9275fa823641126bacaf92c9a27');
INSERT INTO "invoices" VALUES(2,'INV-2','invoice',1,20736,20766,'USD',25050,0,0,10000,'','','',0,NULL,NULL,'db6bd28ad6c8f636dcef2ef6f7457978');
INSERT INTO "invoices" VALUES(3,'INV-3','invoice',1,20746,20776,'USD',7525,0,0,0,'','','',0,NULL,NULL,'cdbd9e410e350f9c206e28c6a6911b19');
INSERT INTO "invoices" VALUES(4,'INV-4','invoice',1,20746,20776,'EUR',6000,0,0,0,'','','',0,NULL,NULL,'82f49151bfbb8e6915322e3cf4cc452d');
INSERT INTO "invoices" VALUES(5,'INV-9','invoice',2,20746,20776,'USD',50000,0,0,0,'','','',0,NULL,NULL,'be5e3ba372f706739df670faad5fcc9e');
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    recorded_at TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    data TEXT NOT NULL,
    rows TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO "journal" VALUES(1,'2026-11-02T15:00:00.000000Z','ledger.created','00000000-0000-0000-0000-000000000007','','{"mode":"sandbox"}','["ledger",1,"00000000-0000-0000-0000-000000000007","sandbox","",null,"2026-11-02T15:00:00.000000Z"] -
["company",1,"Tidewheel Supply Co.","","","","","","America/New_York","USD","",""] -','8cb3f7023e388891cdf977c0f3b82e33db81ace056cdb5d68eda209ce31c8073');
INSERT INTO "journal" VALUES(2,'2026-11-01T00:00:00.000000Z','test','','','{}','["contact","finance","finance@example.com","finance","finance","active",[]] -','7fc4b753d2bb6a0cc13a7b7eebf94d718f86f3d2db0670dbbb4ec2642816570f');
INSERT INTO "journal" VALUES(3,'2026-11-02T15:00:00.000000Z','file.imported','743a6b872215f74c80451b55639ebbaf493f918e4321e30e652919ebbd3d6363','finance@example.com','{"added_changed_unchanged":{"customers":[2,0,0]},"added_minor":{},"file":"customers.csv","kind":"customers"}','["customer",1,"C-1","Harbor Finch","","","",30,""] -
["customer",2,"C-2","Nettle Hill","","","",30,""] -','24cb16b19014c5c450a1537057a0698565190deb4db6d538d36f862d38d617d1');
INSERT INTO "journal" VALUES(4,'2026-11-02T15:00:00.000000Z','file.imported','91a04a9bdce5947e1f5f635a6b9ac7b00078efb120f7c79047cbdec35049d25f','finance@example.com','{"added_changed_unchanged":{"invoices":[5,0,0]},"added_minor":{"EUR":6000,"USD":92575},"file":"invoices.csv","kind":"invoices"}','["invoice",1,"INV-1","invoice",1,20727,20757,"USD",10000,0,0,0,10000,"","","",0,null,null,"2e50b9275fa823641126bacaf92c9a27",[]] -
["invoice",2,"INV-2","invoice",1,20736,20766,"USD",25050,0,0,0,25050,"","","",0,null,null,"db6bd28ad6c8f636dcef2ef6f7457978",[]] -
["invoice",3,"INV-3","invoice",1,20746,20776,"USD",7525,0,0,0,7525,"","","",0,null,null,"cdbd9e410e350f9c206e28c6a6911b19",[]] -
["invoice",4,"INV-4","invoice",1,20746,20776,"EUR",6000,0,0,0,6000,"","","",0,null,null,"82f49151bfbb8e6915322e3cf4cc452d",[]] -
["invoice",5,"INV-9","invoice",2,20746,20776,"USD",50000,0,0,0,50000,"","","",0,null,null,"be5e3ba372f706739df670faad5fcc9e",[]] -','0374442059a04ee1bdb7bcfd160f5dbc33885ca8247c6ef4a7e478373ec8c681');
INSERT INTO "journal" VALUES(5,'2026-11-01T00:00:00.000000Z','test','','','{}','["contact","payer","payer@example.com","payer","customer","active",[[1]]] -','eb59cd2a0fdebafc6028b6d2160f96c3b314636f88acb8a5541c73c72bad9d99');
INSERT INTO "journal" VALUES(6,'2026-11-01T00:00:00.000000Z','test','','','{}','["contact","stranger","stranger@example.com","stranger","customer","active",[[2]]] -','c0e0131a99cb1104a69a6597f324f77e8e84a9e285e41b449c1f61669f05315c');
INSERT INTO "journal" VALUES(7,'2026-11-02T15:00:00.000000Z','customer.at_gateway','C-1','payer@example.com','{"account":"acct_scripted","gateway_id":"cus_0"}','["ledger",1,"00000000-0000-0000-0000-000000000007","sandbox","acct_scripted",null,"2026-11-02T15:00:00.000000Z"] 4a4650b59f9a956d40f9a1a87dda83e3
["customer",1,"C-1","Harbor Finch","","","",30,"cus_0"] 55f2700658c10e4da1bdf8a3b85f94dd','bdb9ec5d4e931d587b3e59dea5056c1b281505497c692c640e138a8925eb2fee');
INSERT INTO "journal" VALUES(8,'2026-11-02T15:00:00.000000Z','method.added','ach-6789-ab582a03','payer@example.com','{"customer":"C-1","gateway_id":"pm_0"}','["method",1,"ach-6789-ab582a03",1,"ach","Test Bank ending 6789","Test Bank","6789","pm_0",null,null,1,0,1,1] -','9bac4037a73575ddad008f829d7ff988b9d2619d14f318efdad94145137a409a');
INSERT INTO "journal" VALUES(9,'2026-11-02T15:00:00.000000Z','method.added','card-4242-03c3c4b6','payer@example.com','{"customer":"C-1","gateway_id":"pm_1"}','["method",2,"card-4242-03c3c4b6",1,"card","Visa ending 4242","Visa","4242","pm_1",12,2099,1,0,1,0] -','c964c6e1ae5389ed904344db8bcb33eb801d88380116701c2cc8d6a8f0eb878e');
INSERT INTO "journal" VALUES(10,'2026-11-02T15:00:00.000000Z','method.added','card-4242-182017e4','payer@example.com','{"customer":"C-1","gateway_id":"pm_2"}','["method",3,"card-4242-182017e4",1,"card","Visa ending 4242","Visa","4242","pm_2",12,2099,1,0,0,0] -','c9e2cab261e349d8e1eef6da3803c72db75698b4385e88020e834a0a2137e4ee');
INSERT INTO "journal" VALUES(11,'2026-11-02T15:00:00.000000Z','payment.claimed','6b390699-cfab-4fa6-ad08-77d98d3d7305','payer@example.com','{"allocations":[["INV-1",10000]],"amount_minor":10000,"currency":"USD","customer":"C-1","method":"card-4242-03c3c4b6"}','["invoice",1,"INV-1","invoice",1,20727,20757,"USD",10000,0,0,10000,10000,"","","",0,null,null,"2e50b9275fa823641126bacaf92c9a27",[]] fbf168362885841c9013c67d3086b006
["payment",1,"6b390699-cfab-4fa6-ad08-77d98d3d7305","claimed",1,"USD",10000,"card","Visa ending 4242","card-4242-03c3c4b6","2026-11-02T15:00:00.000000Z","payer@example.com",0,"","","2026-11-02T15:02:00.000000Z",null,null,null,"","","","","6bc770c388db526707bdd7b3be0776f53eaff29c180cda70821e78f55128b566","8c5ec833d545bff792bcf85c58f360f957e080619830d1ee1a2892df27f57c33",[[0,1,10000]],[]] -','2ae4461eacd9a684292b58d702e35d5520f198d1621cba9cb43ceaf51c8af16e');
INSERT INTO "journal" VALUES(12,'2026-11-02T15:00:00.000000Z','payment.submitted','6b390699-cfab-4fa6-ad08-77d98d3d7305','gateway','{"failure_code":"","from":"claimed","gateway_id":"pi_6b390699-cfab-4fa6-ad08-77d98d3d7305"}','["payment",1,"6b390699-cfab-4fa6-ad08-77d98d3d7305","submitted",1,"USD",10000,"card","Visa ending 4242","card-4242-03c3c4b6","2026-11-02T15:00:00.000000Z","payer@example.com",0,"pi_6b390699-cfab-4fa6-ad08-77d98d3d7305","","2026-11-02T15:02:00.000000Z",null,null,null,"","","","","6bc770c388db526707bdd7b3be0776f53eaff29c180cda70821e78f55128b566","8c5ec833d545bff792bcf85c58f360f957e080619830d1ee1a2892df27f57c33",[[0,1,10000]],[]] 8b6ff7f412a64dd5d9f1cde8ffd7da07','df4ae12cabec61b168ba81070ab3d493dd2e977e9017b5991212ae629f23abdf');
INSERT INTO "journal" VALUES(13,'2026-11-02T15:00:00.000000Z','payment.succeeded','6b390699-cfab-4fa6-ad08-77d98d3d7305','gateway','{"failure_code":"","from":"submitted","gateway_id":"pi_6b390699-cfab-4fa6-ad08-77d98d3d7305"}','["invoice",1,"INV-1","invoice",1,20727,20757,"USD",10000,0,10000,0,0,"","","",0,20759,null,"2e50b9275fa823641126bacaf92c9a27",[]] 4370929cd08fea5f2414ada92a61d628
["payment",1,"6b390699-cfab-4fa6-ad08-77d98d3d7305","succeeded",1,"USD",10000,"card","Visa ending 4242","card-4242-03c3c4b6","2026-11-02T15:00:00.000000Z","payer@example.com",0,"pi_6b390699-cfab-4fa6-ad08-77d98d3d7305","","2026-11-02T15:02:00.000000Z","2026-11-02T15:00:00.000000Z",20759,1,"","","","","6bc770c388db526707bdd7b3be0776f53eaff29c180cda70821e78f55128b566","8c5ec833d545bff792bcf85c58f360f957e080619830d1ee1a2892df27f57c33",[[0,1,10000]],[]] d36b5114aac7c482310415959e935812','50169b5ad3c2adb9c959283875c9c355830548ad418f8994f60c799437efe77c');
INSERT INTO "journal" VALUES(14,'2026-11-03T15:00:00.000000Z','payment.claimed','e5c42304-41b1-40e0-80f7-e4849ea12f16','payer@example.com','{"allocations":[["INV-3",7525]],"amount_minor":7525,"currency":"USD","customer":"C-1","method":"card-4242-182017e4"}','["invoice",3,"INV-3","invoice",1,20746,20776,"USD",7525,0,0,7525,7525,"","","",0,null,null,"cdbd9e410e350f9c206e28c6a6911b19",[]] 94d464e273e73ecef08934d53f472286
["payment",2,"e5c42304-41b1-40e0-80f7-e4849ea12f16","claimed",1,"USD",7525,"card","Visa ending 4242","card-4242-182017e4","2026-11-03T15:00:00.000000Z","payer@example.com",0,"","","2026-11-03T15:02:00.000000Z",null,null,null,"","","declined","","9e5dac788413ed6d2010faea864a33c09133867c39a30cc735be97cb6dd178e2","240bc2305913678921bb3dfdeb3206ec1103d4497c67b8dd1b8284a7807656ac",[[0,3,7525]],[]] -','9a341964b50393183ebb21bf892d4e78dd65b42f79f0f02337a0e8e52ab4f7cf');
INSERT INTO "journal" VALUES(15,'2026-11-03T15:00:00.000000Z','payment.submitted','e5c42304-41b1-40e0-80f7-e4849ea12f16','gateway','{"failure_code":"","from":"claimed","gateway_id":"pi_e5c42304-41b1-40e0-80f7-e4849ea12f16"}','["payment",2,"e5c42304-41b1-40e0-80f7-e4849ea12f16","submitted",1,"USD",7525,"card","Visa ending 4242","card-4242-182017e4","2026-11-03T15:00:00.000000Z","payer@example.com",0,"pi_e5c42304-41b1-40e0-80f7-e4849ea12f16","","2026-11-03T15:02:00.000000Z",null,null,null,"","","declined","","9e5dac788413ed6d2010faea864a33c09133867c39a30cc735be97cb6dd178e2","240bc2305913678921bb3dfdeb3206ec1103d4497c67b8dd1b8284a7807656ac",[[0,3,7525]],[]] e87803649d9fa6709ca9f98fa262c9c5','4b1c7a66eaf9e80d6c28cd591334c862102dfb7d983cb3c2fe92906a5e0fff0b');
INSERT INTO "journal" VALUES(16,'2026-11-03T15:00:00.000000Z','payment.failed','e5c42304-41b1-40e0-80f7-e4849ea12f16','gateway','{"failure_code":"generic_decline","from":"submitted","gateway_id":"pi_e5c42304-41b1-40e0-80f7-e4849ea12f16"}','["invoice",3,"INV-3","invoice",1,20746,20776,"USD",7525,0,0,0,7525,"","","",0,null,null,"cdbd9e410e350f9c206e28c6a6911b19",[]] 2a43ee1295bb1c7dd90889e003ff6c90
["payment",2,"e5c42304-41b1-40e0-80f7-e4849ea12f16","failed",1,"USD",7525,"card","Visa ending 4242","card-4242-182017e4","2026-11-03T15:00:00.000000Z","payer@example.com",0,"pi_e5c42304-41b1-40e0-80f7-e4849ea12f16","","2026-11-03T15:02:00.000000Z","2026-11-03T15:00:00.000000Z",null,null,"generic_decline","Your card was declined.","declined","","9e5dac788413ed6d2010faea864a33c09133867c39a30cc735be97cb6dd178e2","240bc2305913678921bb3dfdeb3206ec1103d4497c67b8dd1b8284a7807656ac",[[0,3,7525]],[]] 8e64885559478d741d7616beed5a8815','646215056fa53e9ec289e683abd8ea3090988f655a501f8a5ced01616d3ec243');
INSERT INTO "journal" VALUES(17,'2026-11-03T15:00:00.000000Z','payment.claimed','b92035f1-8351-4dea-9dd1-194cd07abc63','payer@example.com','{"allocations":[["INV-2",10000]],"amount_minor":10000,"currency":"USD","customer":"C-1","method":"ach-6789-ab582a03"}','["invoice",2,"INV-2","invoice",1,20736,20766,"USD",25050,0,0,10000,25050,"","","",0,null,null,"db6bd28ad6c8f636dcef2ef6f7457978",[]] 6bff753dc14d5269b5dc767e1067a3f3
["payment",3,"b92035f1-8351-4dea-9dd1-194cd07abc63","claimed",1,"USD",10000,"ach","Test Bank ending 6789","ach-6789-ab582a03","2026-11-03T15:00:00.000000Z","payer@example.com",0,"","","2026-11-03T15:02:00.000000Z",null,null,null,"","","","","b7bd967d7261f7e339a9ddae46ff942677639c48242cc0f714dc6b9d5a23ba4f","89e65d1adfdc83f02f01b6cc6644661aa9950add7bcc6f7e3113bdca28845751",[[0,2,10000]],[]] -','c83cc839219c37e9ba1a3189323fa27044ffeee95aaf6ab66c7a8628f41bb29d');
INSERT INTO "journal" VALUES(18,'2026-11-03T15:00:00.000000Z','payment.submitted','b92035f1-8351-4dea-9dd1-194cd07abc63','gateway','{"failure_code":"","from":"claimed","gateway_id":"pi_b92035f1-8351-4dea-9dd1-194cd07abc63"}','["payment",3,"b92035f1-8351-4dea-9dd1-194cd07abc63","submitted",1,"USD",10000,"ach","Test Bank ending 6789","ach-6789-ab582a03","2026-11-03T15:00:00.000000Z","payer@example.com",0,"pi_b92035f1-8351-4dea-9dd1-194cd07abc63","","2026-11-03T15:02:00.000000Z",null,null,null,"","","","","b7bd967d7261f7e339a9ddae46ff942677639c48242cc0f714dc6b9d5a23ba4f","89e65d1adfdc83f02f01b6cc6644661aa9950add7bcc6f7e3113bdca28845751",[[0,2,10000]],[]] e1848d3a1aa409d88c4f7c4decdda40d','acf28d87737295bda0d1afcf1d0a2e1d7fe532ec126233c60d6e2a565a3d8c2c');
INSERT INTO "journal" VALUES(19,'2026-11-03T15:00:00.000000Z','payment.processing','b92035f1-8351-4dea-9dd1-194cd07abc63','gateway','{"failure_code":"","from":"submitted","gateway_id":"pi_b92035f1-8351-4dea-9dd1-194cd07abc63"}','["payment",3,"b92035f1-8351-4dea-9dd1-194cd07abc63","processing",1,"USD",10000,"ach","Test Bank ending 6789","ach-6789-ab582a03","2026-11-03T15:00:00.000000Z","payer@example.com",0,"pi_b92035f1-8351-4dea-9dd1-194cd07abc63","","2026-11-03T15:02:00.000000Z",null,null,2,"","","","","b7bd967d7261f7e339a9ddae46ff942677639c48242cc0f714dc6b9d5a23ba4f","89e65d1adfdc83f02f01b6cc6644661aa9950add7bcc6f7e3113bdca28845751",[[0,2,10000]],[]] 7796b665946f5f6a581bf36a97c6c2ca','8a3989de9da77716461cf9f3704206582a3668818a3ccda918974a7024a0382d');
INSERT INTO "journal" VALUES(20,'2026-11-03T15:00:00.000000Z','gateway.reconciled','','sync','{"until":"2026-11-01T15:00:00+00:00"}','["ledger",1,"00000000-0000-0000-0000-000000000007","sandbox","acct_scripted","2026-11-01T15:00:00.000000Z","2026-11-02T15:00:00.000000Z"] 2b438ac34a68b93340d3d151f2b0d4fd','a349c4a0c6a02cffd430b26abe06b340061fd498613e60c42b5ba715c858ca67');
CREATE TABLE ledger (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('sandbox', 'live')),
    gateway_account TEXT NOT NULL DEFAULT '',
    reconciled_until TEXT,
    created_at TEXT NOT NULL
) STRICT;
INSERT INTO "ledger" VALUES(1,'00000000-0000-0000-0000-000000000007','sandbox','acct_scripted','2026-11-01T15:00:00.000000Z','2026-11-02T15:00:00.000000Z');
CREATE TABLE login_failures (
    email TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TABLE methods (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    type TEXT NOT NULL CHECK (type IN ('card', 'ach')),
    label TEXT NOT NULL,
    brand TEXT NOT NULL,
    last4 TEXT NOT NULL CHECK (length(last4) <= 4),
    gateway_id TEXT NOT NULL,
    exp_month INTEGER,
    exp_year INTEGER,
    verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)),
    is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    is_preferred INTEGER NOT NULL DEFAULT 0 CHECK (is_preferred IN (0, 1))
) STRICT;
INSERT INTO "methods" VALUES(1,'ach-6789-ab582a03',1,'ach','Test Bank ending 6789','Test Bank','6789','pm_0',NULL,NULL,1,0,1,1);
INSERT INTO "methods" VALUES(2,'card-4242-03c3c4b6',1,'card','Visa ending 4242','Visa','4242','pm_1',12,2099,1,0,1,0);
INSERT INTO "methods" VALUES(3,'card-4242-182017e4',1,'card','Visa ending 4242','Visa','4242','pm_2',12,2099,1,0,0,0);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    recipient TEXT NOT NULL,
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    sent_at TEXT,
    last_error TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO "outbox" VALUES(1,'6b390699-cfab-4fa6-ad08-77d98d3d7305.received@00000000-0000-0000-0000-000000000007.invoicepay','received','6b390699-cfab-4fa6-ad08-77d98d3d7305','payer@example.com','2026-11-02T15:00:00.000000Z','2026-11-02T15:10:00.000000Z',1,'2026-11-02T15:00:00.000000Z','');
INSERT INTO "outbox" VALUES(2,'b92035f1-8351-4dea-9dd1-194cd07abc63.initiated@00000000-0000-0000-0000-000000000007.invoicepay','initiated','b92035f1-8351-4dea-9dd1-194cd07abc63','payer@example.com','2026-11-03T15:00:00.000000Z','2026-11-03T15:10:00.000000Z',1,'2026-11-03T15:00:00.000000Z','');
CREATE TABLE payments (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN
        ('claimed', 'submitted', 'processing', 'unknown', 'succeeded', 'failed', 'canceled')),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    method_type TEXT NOT NULL,
    method_label TEXT NOT NULL,
    method_id TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    initiated_by TEXT NOT NULL,
    livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
    gateway_id TEXT NOT NULL DEFAULT '',
    reference TEXT NOT NULL DEFAULT '',
    lease_until TEXT,
    settled_at TEXT,
    effective_day INTEGER,
    receipt INTEGER UNIQUE CHECK (receipt > 0),
    failure_code TEXT NOT NULL DEFAULT '',
    failure_message TEXT NOT NULL DEFAULT '',
    memo TEXT NOT NULL DEFAULT '',
    order_number TEXT NOT NULL DEFAULT '',
    request_digest TEXT NOT NULL DEFAULT '',
    plan_digest TEXT NOT NULL DEFAULT '',
    CHECK ((status = 'succeeded') = (effective_day IS NOT NULL))
) STRICT;
INSERT INTO "payments" VALUES(1,'6b390699-cfab-4fa6-ad08-77d98d3d7305','succeeded',1,'USD',10000,'card','Visa ending 4242','card-4242-03c3c4b6','2026-11-02T15:00:00.000000Z','payer@example.com',0,'pi_6b390699-cfab-4fa6-ad08-77d98d3d7305','','2026-11-02T15:02:00.000000Z','2026-11-02T15:00:00.000000Z',20759,1,'','','','','6bc770c388db526707bdd7b3be0776f53eaff29c180cda70821e78f55128b566','8c5ec833d545bff792bcf85c58f360f957e080619830d1ee1a2892df27f57c33');
INSERT INTO "payments" VALUES(2,'e5c42304-41b1-40e0-80f7-e4849ea12f16','failed',1,'USD',7525,'card','Visa ending 4242','card-4242-182017e4','2026-11-03T15:00:00.000000Z','payer@example.com',0,'pi_e5c42304-41b1-40e0-80f7-e4849ea12f16','','2026-11-03T15:02:00.000000Z','2026-11-03T15:00:00.000000Z',NULL,NULL,'generic_decline','Your card was declined.','declined','','9e5dac788413ed6d2010faea864a33c09133867c39a30cc735be97cb6dd178e2','240bc2305913678921bb3dfdeb3206ec1103d4497c67b8dd1b8284a7807656ac');
INSERT INTO "payments" VALUES(3,'b92035f1-8351-4dea-9dd1-194cd07abc63','processing',1,'USD',10000,'ach','Test Bank ending 6789','ach-6789-ab582a03','2026-11-03T15:00:00.000000Z','payer@example.com',0,'pi_b92035f1-8351-4dea-9dd1-194cd07abc63','','2026-11-03T15:02:00.000000Z',NULL,NULL,2,'','','','','b7bd967d7261f7e339a9ddae46ff942677639c48242cc0f714dc6b9d5a23ba4f','89e65d1adfdc83f02f01b6cc6644661aa9950add7bcc6f7e3113bdca28845751');
CREATE TABLE reversals (
    id INTEGER PRIMARY KEY,
    payment_seq INTEGER NOT NULL REFERENCES payments (seq),
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'return', 'dispute')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    effective_day INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    gateway_id TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    secret_hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    idle_seconds INTEGER NOT NULL,
    last_used_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;
INSERT INTO "sessions" VALUES('session-finance','token','finance','eab762a03fd979a04cc4706e6536d382bc89d2d1356afcd054a16b2235ecd471','','2026-11-02T15:00:00.000000Z','2036-10-30T15:00:00.000000Z',1000000000,'2026-11-03T15:00:00.000000Z',NULL);
INSERT INTO "sessions" VALUES('session-payer','token','payer','8d65fcf7d4880cd5224b36c33e43617cc519fc6514f79759f65fb571649dffab','','2026-11-02T15:00:00.000000Z','2036-10-30T15:00:00.000000Z',1000000000,'2026-11-03T15:00:00.000000Z',NULL);
INSERT INTO "sessions" VALUES('session-stranger','token','stranger','8aca4f36774f82a67c507cb9c96679482e2cc767f2d38502269557a566b092fb','','2026-11-02T15:00:00.000000Z','2036-10-30T15:00:00.000000Z',1000000000,'2026-11-02T15:00:00.000000Z',NULL);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE TRIGGER ledger_is_for_good BEFORE UPDATE ON ledger
WHEN new.id <> old.id OR new.mode <> old.mode
  OR (old.gateway_account <> '' AND new.gateway_account <> old.gateway_account)
BEGIN SELECT RAISE(ABORT, 'a ledger keeps its id, mode and gateway account'); END;
CREATE UNIQUE INDEX customers_by_gateway_id ON customers (gateway_id) WHERE gateway_id <> '';
CREATE INDEX sessions_of_contact ON sessions (contact_id);
CREATE INDEX login_failures_by_email ON login_failures (email, at);
CREATE INDEX invoices_open_by_customer ON invoices (customer_id, due_day, number)
    WHERE open_minor <> 0;
CREATE INDEX invoices_open_by_due ON invoices (due_day, number) WHERE open_minor <> 0;
CREATE INDEX invoices_by_customer ON invoices (customer_id, issued_day, number);
CREATE UNIQUE INDEX methods_one_default ON methods (customer_id, type) WHERE is_default = 1;
CREATE UNIQUE INDEX methods_one_preferred ON methods (customer_id) WHERE is_preferred = 1;
CREATE INDEX methods_of_customer ON methods (customer_id, seq);
CREATE UNIQUE INDEX payments_by_gateway_id ON payments (gateway_id) WHERE gateway_id <> '';
CREATE INDEX payments_under_way ON payments (seq)
    WHERE status IN ('claimed', 'submitted', 'processing', 'unknown');
CREATE INDEX payments_of_customer ON payments (customer_id, seq);
CREATE TRIGGER payments_move_forward BEFORE UPDATE OF status ON payments
WHEN old.status IN ('succeeded', 'failed', 'canceled') AND new.status <> old.status
BEGIN SELECT RAISE(ABORT, 'a payment that is final stays as it is'); END;
CREATE TRIGGER payments_stay BEFORE DELETE ON payments
BEGIN SELECT RAISE(ABORT, 'payments are never deleted'); END;
CREATE TRIGGER invoices_stay BEFORE DELETE ON invoices
BEGIN SELECT RAISE(ABORT, 'invoices are never deleted'); END;
CREATE TRIGGER customers_stay BEFORE DELETE ON customers
BEGIN SELECT RAISE(ABORT, 'customers are never deleted'); END;
CREATE TRIGGER methods_stay BEFORE DELETE ON methods
BEGIN SELECT RAISE(ABORT, 'payment methods are never deleted'); END;
CREATE INDEX allocations_of_invoice ON allocations (invoice_id, payment_seq);
CREATE INDEX reversals_of_payment ON reversals (payment_seq);
CREATE INDEX outbox_waiting ON outbox (due_at) WHERE sent_at IS NULL;
CREATE INDEX journal_by_subject ON journal (subject, seq);
CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_stays BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
COMMIT;
