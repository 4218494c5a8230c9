BEGIN TRANSACTION;
CREATE TABLE alarm (
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (shop, conversation)
) WITHOUT ROWID;
INSERT INTO "alarm" VALUES('demo','c-wait',1795222821);
INSERT INTO "alarm" VALUES('demo','c-fail',1795222850);
INSERT INTO "alarm" VALUES('demo','c-edit',1795224100);
INSERT INTO "alarm" VALUES('demo','c-reply',1795224400);
CREATE TABLE alert (
    robot TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES feed (seq),
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    target TEXT NOT NULL,
    stage INTEGER NOT NULL,
    start INTEGER NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (robot, seq)
) WITHOUT ROWID;
INSERT INTO "alert" VALUES('wecom:1',19,'demo','c-late','effective_reply_1h',0,1795217800,1795221400);
CREATE TABLE alert_pace (
    robot TEXT PRIMARY KEY,
    last REAL NOT NULL,
    quiet_until REAL NOT NULL,
    tries INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "alert_pace" VALUES('wecom:1',1795222699.5,0.0,1);
CREATE TABLE conversation (
    shop TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    due INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (shop, id)
) WITHOUT ROWID;
INSERT INTO "conversation" VALUES('demo','c-done',4,NULL,'{"shop":"demo","id":"c-done","version":4,"buyer":"b-c-done","name":"买家","agent":"","context":{"order_id":"o-1"},"messages":[["m-done",1795218800,"buyer","什么时候发货","text","","",null,null],["a-done",1795218810,"agent","亲，今天下午发出。","text","小快","",null,null],["conversation.closed:c-done",1795218900,"closed","","text","","",null,null]],"settled":null,"early":[],"queued":[],"waits":[],"offered":[],"alarm":null}');
INSERT INTO "conversation" VALUES('demo','c-edit',10,1795225900,'{"shop":"demo","id":"c-edit","version":10,"buyer":"b-c-edit","name":"买家","agent":"小慢","context":{"order_id":"o-2"},"messages":[["m-edit",1795222300,"buyer","几点下班","text","","",null,1795222310],["r-edit",1795222340,"robot","您好","text","","",null,null],["s-edit",1795222350,"system","系统消息","text","","",null,null]],"settled":null,"early":[],"queued":[],"waits":[["effective_reply_1h",1795222300,1795225900,null,false,[],false,false,false,1795222300],["human_reply_3min",1795222300,1795222480,null,false,[80,30],true,false,false,1795222300],["human_reply_30s",1795222300,1795222330,null,false,[],true,false,false,1795222300]],"offered":[],"alarm":1795224100}');
INSERT INTO "conversation" VALUES('demo','c-fail',5,1795222880,'{"shop":"demo","id":"c-fail","version":5,"buyer":"b-c-fail","name":"买家","agent":"","context":{"order_id":"o-1"},"messages":[["m-fail",1795222700,"buyer","什么时候发货","text","","",null,null]],"settled":null,"early":[],"queued":[],"waits":[["effective_reply_1h",1795222700,1795226300,null,false,[],false,false,false,1795222700],["human_reply_3min",1795222700,1795222880,null,false,[80],false,false,false,1795222700],["human_reply_30s",1795222700,1795222730,null,false,[],true,false,false,1795222700]],"offered":[{"script":"ship.when","title":"什么时候发货","text":"亲，今天下午发出。","score":0.9995,"phrasing":"什么时候发货","why":"与问法「什么时候发货」相同","missing":[]}],"alarm":1795222850}');
INSERT INTO "conversation" VALUES('demo','c-late',1,NULL,'{"shop":"demo","id":"c-late","version":1,"buyer":"b-c-late","name":"买家","agent":"","context":{"order_id":"o-1"},"messages":[["m-late",1795217800,"buyer","什么时候发货","text","","",null,null]],"settled":null,"early":[],"queued":[],"waits":[],"offered":[{"script":"ship.when","title":"什么时候发货","text":"亲，今天下午发出。","score":0.9995,"phrasing":"什么时候发货","why":"与问法「什么时候发货」相同","missing":[]}],"alarm":null}');
INSERT INTO "conversation" VALUES('demo','c-reply',8,1795226200,'{"shop":"demo","id":"c-reply","version":8,"buyer":"b-c-reply","name":"买家","agent":"","context":{"order_id":"o-1"},"messages":[["m-reply",1795222500,"buyer","什么时候发货","text","","",null,null],["d-sent",1795222520,"agent","亲，今天下午发出。","text","","d-sent",null,null],["m-reply2",1795222600,"buyer","今天能发吗","text","","",null,null]],"settled":null,"early":[],"queued":[["d-queued",1795222610,"亲，能发的。"]],"waits":[["effective_reply_1h",1795222600,1795226200,null,false,[],false,false,false,1795222500],["human_reply_3min",1795222600,1795222780,null,false,[],true,false,false,1795222500],["human_reply_30s",1795222600,1795222630,null,false,[],true,false,false,1795222500]],"offered":[],"alarm":1795224400}');
INSERT INTO "conversation" VALUES('demo','c-wait',1,1795222820,'{"shop":"demo","id":"c-wait","version":1,"buyer":"b-c-wait","name":"买家","agent":"","context":{"order_id":"o-1"},"messages":[["m-wait",1795222790,"buyer","什么时候发货","text","","",null,null]],"settled":null,"early":[],"queued":[],"waits":[["effective_reply_1h",1795222790,1795226390,null,false,[],false,false,false,1795222790],["human_reply_3min",1795222790,1795222970,null,false,[],false,false,false,1795222790],["human_reply_30s",1795222790,1795222820,null,false,[],false,false,false,1795222790]],"offered":[{"script":"ship.when","title":"什么时候发货","text":"亲，今天下午发出。","score":0.9995,"phrasing":"什么时候发货","why":"与问法「什么时候发货」相同","missing":[]}],"alarm":1795222821}');
CREATE TABLE destination (
    name TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    address TEXT NOT NULL,
    disabled_at REAL NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "destination" VALUES('demo/chatwoot','demo','x',1795222750.0,'410 Gone');
CREATE TABLE fact (
    seq INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    conversation TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
);
INSERT INTO "fact" VALUES(1,'demo','message.created:m-late','c-late',1795217800,'{"fact":"buyer_said","id":"m-late","text":"什么时候发货","kind":"text","buyer":"b-c-late","name":"买家","context":{"order_id":"o-1"},"shop":"demo","key":"message.created:m-late","conversation":"c-late","at":1795217800,"arrived":1795217800}');
INSERT INTO "fact" VALUES(2,'demo','message.created:m-done','c-done',1795218800,'{"fact":"buyer_said","id":"m-done","text":"什么时候发货","kind":"text","buyer":"b-c-done","name":"买家","context":{"order_id":"o-1"},"shop":"demo","key":"message.created:m-done","conversation":"c-done","at":1795218800,"arrived":1795218800}');
INSERT INTO "fact" VALUES(3,'demo','message.created:a-done','c-done',1795218810,'{"fact":"agent_said","id":"a-done","text":"亲，今天下午发出。","kind":"text","agent":"小快","reply_id":"","shop":"demo","key":"message.created:a-done","conversation":"c-done","at":1795218810,"arrived":1795218810}');
INSERT INTO "fact" VALUES(4,'demo','picked:1','c-done',1795218820,'{"fact":"picked","script":"ship.when","action":"picked","agent":"小快","shop":"demo","key":"picked:1","conversation":"c-done","at":1795218820,"arrived":1795218820}');
INSERT INTO "fact" VALUES(5,'demo','conversation.closed:c-done','c-done',1795218900,'{"fact":"closed","shop":"demo","key":"conversation.closed:c-done","conversation":"c-done","at":1795218900,"arrived":1795218900}');
INSERT INTO "fact" VALUES(6,'demo','message.created:m-edit','c-edit',1795222300,'{"fact":"buyer_said","id":"m-edit","text":"几点","kind":"text","buyer":"b-c-edit","name":"买家","context":{"order_id":"o-1"},"shop":"demo","key":"message.created:m-edit","conversation":"c-edit","at":1795222300,"arrived":1795222300}');
INSERT INTO "fact" VALUES(7,'demo','message.edited:m-edit:1','c-edit',1795222310,'{"fact":"edited","id":"m-edit","text":"几点下班","shop":"demo","key":"message.edited:m-edit:1","conversation":"c-edit","at":1795222310,"arrived":1795222310}');
INSERT INTO "fact" VALUES(8,'demo','conversation.assigned:1','c-edit',1795222320,'{"fact":"assigned","agent":"小慢","shop":"demo","key":"conversation.assigned:1","conversation":"c-edit","at":1795222320,"arrived":1795222320}');
INSERT INTO "fact" VALUES(9,'demo','order.updated:1','c-edit',1795222330,'{"fact":"context_changed","context":{"order_id":"o-2"},"shop":"demo","key":"order.updated:1","conversation":"c-edit","at":1795222330,"arrived":1795222330}');
INSERT INTO "fact" VALUES(10,'demo','message.created:r-edit','c-edit',1795222340,'{"fact":"robot_said","id":"r-edit","text":"您好","kind":"text","assisted":false,"shop":"demo","key":"message.created:r-edit","conversation":"c-edit","at":1795222340,"arrived":1795222340}');
INSERT INTO "fact" VALUES(11,'demo','message.created:s-edit','c-edit',1795222350,'{"fact":"system_said","id":"s-edit","text":"系统消息","kind":"text","shop":"demo","key":"message.created:s-edit","conversation":"c-edit","at":1795222350,"arrived":1795222350}');
INSERT INTO "fact" VALUES(12,'demo','message.recalled:m-early:1','',1795222360,'{"fact":"recalled","id":"m-early","shop":"demo","key":"message.recalled:m-early:1","conversation":"","at":1795222360,"arrived":1795222360}');
INSERT INTO "fact" VALUES(13,'demo','message.created:m-reply','c-reply',1795222500,'{"fact":"buyer_said","id":"m-reply","text":"什么时候发货","kind":"text","buyer":"b-c-reply","name":"买家","context":{"order_id":"o-1"},"shop":"demo","key":"message.created:m-reply","conversation":"c-reply","at":1795222500,"arrived":1795222500}');
INSERT INTO "fact" VALUES(14,'demo','draft:1','c-reply',1795222510,'{"fact":"drafted","id":"d-sent","agent":"小快","text":"亲，今天下午发出。","script":"ship.when","override":"","shown":false,"shop":"demo","key":"draft:1","conversation":"c-reply","at":1795222510,"arrived":1795222510}');
INSERT INTO "fact" VALUES(15,'demo','delivered:1','c-reply',1795222520,'{"fact":"delivered","id":"d-sent","shop":"demo","key":"delivered:1","conversation":"c-reply","at":1795222520,"arrived":1795222520}');
INSERT INTO "fact" VALUES(16,'demo','message.created:m-reply2','c-reply',1795222600,'{"fact":"buyer_said","id":"m-reply2","text":"今天能发吗","kind":"text","buyer":"b-c-reply","name":"买家","context":{"order_id":"o-1"},"shop":"demo","key":"message.created:m-reply2","conversation":"c-reply","at":1795222600,"arrived":1795222600}');
INSERT INTO "fact" VALUES(17,'demo','draft:2','c-reply',1795222610,'{"fact":"drafted","id":"d-queued","agent":"小快","text":"亲，能发的。","script":"","override":"","shown":false,"shop":"demo","key":"draft:2","conversation":"c-reply","at":1795222610,"arrived":1795222610}');
INSERT INTO "fact" VALUES(18,'demo','draft:3','c-reply',1795222620,'{"fact":"drafted","id":"d-held","agent":"小快","text":"加我微信 abc88990 聊","script":"","override":"","shown":false,"shop":"demo","key":"draft:3","conversation":"c-reply","at":1795222620,"arrived":1795222620}');
INSERT INTO "fact" VALUES(19,'demo','message.created:m-fail','c-fail',1795222700,'{"fact":"buyer_said","id":"m-fail","text":"什么时候发货","kind":"text","buyer":"b-c-fail","name":"买家","context":{"order_id":"o-1"},"shop":"demo","key":"message.created:m-fail","conversation":"c-fail","at":1795222700,"arrived":1795222700}');
INSERT INTO "fact" VALUES(20,'demo','draft:4','c-fail',1795222710,'{"fact":"drafted","id":"d-failed","agent":"小慢","text":"亲，稍等。","script":"","override":"","shown":false,"shop":"demo","key":"draft:4","conversation":"c-fail","at":1795222710,"arrived":1795222710}');
INSERT INTO "fact" VALUES(21,'demo','failed:1','c-fail',1795222720,'{"fact":"send_failed","id":"d-failed","reason":"对方不收","shop":"demo","key":"failed:1","conversation":"c-fail","at":1795222720,"arrived":1795222720}');
INSERT INTO "fact" VALUES(22,'demo','message.created:m-wait','c-wait',1795222790,'{"fact":"buyer_said","id":"m-wait","text":"什么时候发货","kind":"text","buyer":"b-c-wait","name":"买家","context":{"order_id":"o-1"},"shop":"demo","key":"message.created:m-wait","conversation":"c-wait","at":1795222790,"arrived":1795222790}');
CREATE TABLE feed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
);
INSERT INTO "feed" VALUES(1,'demo','c-late','suggestion.created',1795217800,'{"conversation":"c-late","buyer":"b-c-late","turn":["m-late"],"silent":false,"suggestions":[{"script":"ship.when","title":"什么时候发货","text":"亲，今天下午发出。","score":0.9995,"phrasing":"什么时候发货","why":"与问法「什么时候发货」相同","missing":[]}],"library":"1c16a266741d3b7d"}');
INSERT INTO "feed" VALUES(2,'demo','c-done','suggestion.created',1795218800,'{"conversation":"c-done","buyer":"b-c-done","turn":["m-done"],"silent":false,"suggestions":[{"script":"ship.when","title":"什么时候发货","text":"亲，今天下午发出。","score":0.9995,"phrasing":"什么时候发货","why":"与问法「什么时候发货」相同","missing":[]}],"library":"1c16a266741d3b7d"}');
INSERT INTO "feed" VALUES(3,'demo','c-done','suggestion.created',1795218810,'{"conversation":"c-done","buyer":"b-c-done","turn":[],"silent":true,"suggestions":[],"library":"1c16a266741d3b7d"}');
INSERT INTO "feed" VALUES(4,'demo','c-edit','deadline.missed',1795222331,'{"conversation":"c-edit","buyer":"b-c-edit","target":"human_reply_30s","start":"2026-11-21T08:51:40+08:00","due":"2026-11-21T08:52:10+08:00","at":"2026-11-21T08:52:11+08:00"}');
INSERT INTO "feed" VALUES(5,'demo','c-edit','deadline.warning',1795222400,'{"conversation":"c-edit","buyer":"b-c-edit","target":"human_reply_3min","start":"2026-11-21T08:51:40+08:00","due":"2026-11-21T08:54:40+08:00","at":"2026-11-21T08:53:20+08:00","stage":80}');
INSERT INTO "feed" VALUES(6,'demo','c-edit','deadline.warning',1795222450,'{"conversation":"c-edit","buyer":"b-c-edit","target":"human_reply_3min","start":"2026-11-21T08:51:40+08:00","due":"2026-11-21T08:54:40+08:00","at":"2026-11-21T08:54:10+08:00","stage":30}');
INSERT INTO "feed" VALUES(7,'demo','c-edit','deadline.missed',1795222481,'{"conversation":"c-edit","buyer":"b-c-edit","target":"human_reply_3min","start":"2026-11-21T08:51:40+08:00","due":"2026-11-21T08:54:40+08:00","at":"2026-11-21T08:54:41+08:00"}');
INSERT INTO "feed" VALUES(8,'demo','c-reply','suggestion.created',1795222500,'{"conversation":"c-reply","buyer":"b-c-reply","turn":["m-reply"],"silent":false,"suggestions":[{"script":"ship.when","title":"什么时候发货","text":"亲，今天下午发出。","score":0.9995,"phrasing":"什么时候发货","why":"与问法「什么时候发货」相同","missing":[]}],"library":"1c16a266741d3b7d"}');
INSERT INTO "feed" VALUES(9,'demo','c-reply','message.send',1795222510,'{"conversation":"c-reply","buyer":"b-c-reply","reply_id":"d-sent","agent":"小快","text":"亲，今天下午发出。","script":"ship.when","rules":"common@1cf3f8143089+pinduoduo@cb5db1c48fda"}');
INSERT INTO "feed" VALUES(10,'demo','c-reply','message.sent',1795222520,'{"conversation":"c-reply","buyer":"b-c-reply","reply_id":"d-sent"}');
INSERT INTO "feed" VALUES(11,'demo','c-reply','suggestion.created',1795222520,'{"conversation":"c-reply","buyer":"b-c-reply","turn":[],"silent":true,"suggestions":[],"library":"1c16a266741d3b7d"}');
INSERT INTO "feed" VALUES(12,'demo','c-reply','message.send',1795222610,'{"conversation":"c-reply","buyer":"b-c-reply","reply_id":"d-queued","agent":"小快","text":"亲，能发的。","script":null,"rules":"common@1cf3f8143089+pinduoduo@cb5db1c48fda"}');
INSERT INTO "feed" VALUES(13,'demo','c-reply','draft.held',1795222620,'{"conversation":"c-reply","buyer":"b-c-reply","reply_id":"d-held","agent":"小快","text":"加我微信 abc88990 聊","verdict":"block","rewrite":"有问题您在这里直接问我就好，图片和资料我也可以在本窗口发给您。","findings":[{"rule":"contact.account","category":"off_platform_contact","action":"block","span":[0,15],"excerpt":"加我微信 abc88990 聊","reason":"出现站外账号或邀请加好友，属于引导站外联系，各平台都禁止，买家要求也不行。","source":"拼多多《商家客服管理规则》2.2、《诱导非官方交易》；京东“发布或推送第三方信息”；抖音《商家-诱导第三方细则》〔规则原文（转载）〕 处罚：拼多多：限制店铺功能、关闭客服工具直至扣保证金；京东 6–25 分；抖音 A4 分起","rewrite":"有问题您在这里直接问我就好，图片和资料我也可以在本窗口发给您。"}],"overridable":false,"rules":"common@1cf3f8143089+pinduoduo@cb5db1c48fda"}');
INSERT INTO "feed" VALUES(14,'demo','c-reply','deadline.missed',1795222631,'{"conversation":"c-reply","buyer":"b-c-reply","target":"human_reply_30s","start":"2026-11-21T08:56:40+08:00","due":"2026-11-21T08:57:10+08:00","at":"2026-11-21T08:57:11+08:00"}');
INSERT INTO "feed" VALUES(15,'demo','c-fail','suggestion.created',1795222700,'{"conversation":"c-fail","buyer":"b-c-fail","turn":["m-fail"],"silent":false,"suggestions":[{"script":"ship.when","title":"什么时候发货","text":"亲，今天下午发出。","score":0.9995,"phrasing":"什么时候发货","why":"与问法「什么时候发货」相同","missing":[]}],"library":"1c16a266741d3b7d"}');
INSERT INTO "feed" VALUES(16,'demo','c-fail','message.send',1795222710,'{"conversation":"c-fail","buyer":"b-c-fail","reply_id":"d-failed","agent":"小慢","text":"亲，稍等。","script":null,"rules":"common@1cf3f8143089+pinduoduo@cb5db1c48fda"}');
INSERT INTO "feed" VALUES(17,'demo','c-fail','message.failed',1795222720,'{"conversation":"c-fail","buyer":"b-c-fail","reply_id":"d-failed","reason":"对方不收"}');
INSERT INTO "feed" VALUES(18,'demo','c-fail','deadline.missed',1795222731,'{"conversation":"c-fail","buyer":"b-c-fail","target":"human_reply_30s","start":"2026-11-21T08:58:20+08:00","due":"2026-11-21T08:58:50+08:00","at":"2026-11-21T08:58:51+08:00"}');
INSERT INTO "feed" VALUES(19,'demo','c-reply','deadline.missed',1795222781,'{"conversation":"c-reply","buyer":"b-c-reply","target":"human_reply_3min","start":"2026-11-21T08:56:40+08:00","due":"2026-11-21T08:59:40+08:00","at":"2026-11-21T08:59:41+08:00"}');
INSERT INTO "feed" VALUES(20,'demo','c-wait','suggestion.created',1795222790,'{"conversation":"c-wait","buyer":"b-c-wait","turn":["m-wait"],"silent":false,"suggestions":[{"script":"ship.when","title":"什么时候发货","text":"亲，今天下午发出。","score":0.9995,"phrasing":"什么时候发货","why":"与问法「什么时候发货」相同","missing":[]}],"library":"1c16a266741d3b7d"}');
INSERT INTO "feed" VALUES(21,'demo','c-fail','deadline.warning',1795222800,'{"conversation":"c-fail","buyer":"b-c-fail","target":"human_reply_3min","start":"2026-11-21T08:58:20+08:00","due":"2026-11-21T09:01:20+08:00","at":"2026-11-21T09:00:00+08:00","stage":80}');
CREATE TABLE inspection (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    subject TEXT NOT NULL,
    event TEXT NOT NULL,
    rule TEXT NOT NULL,
    action TEXT NOT NULL,
    agent TEXT NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    digest TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    text TEXT NOT NULL
);
INSERT INTO "inspection" VALUES(1,'demo','c-reply','d-held','held','contact.account','block','小快',1795222620,'','20aec188f69a7b46','加我微信 abc88990 聊','加我微信 abc88990 聊');
CREATE TABLE "migration" (
   "name" TEXT PRIMARY KEY
);
INSERT INTO "migration" VALUES('001_spine.sql');
INSERT INTO "migration" VALUES('002_alerts.sql');
INSERT INTO "migration" VALUES('003_outbox_heads.sql');
INSERT INTO "migration" VALUES('004_destinations.sql');
INSERT INTO "migration" VALUES('006_inspections.sql');
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY REFERENCES feed (seq),
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    type TEXT NOT NULL,
    about TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0,
    first_at REAL NOT NULL,
    next_at REAL NOT NULL
, head INTEGER NOT NULL DEFAULT 0, destination TEXT NOT NULL DEFAULT '', key TEXT NOT NULL DEFAULT '', dead_at REAL, asked INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '');
INSERT INTO "outbox" VALUES(1,'demo','c-late','suggestion.created','',0,1795217800.0,1795217800.0,1,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(3,'demo','c-done','suggestion.created','',0,1795218810.0,1795218810.0,1,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(4,'demo','c-edit','deadline.missed','',0,1795222331.0,1795222331.0,1,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(7,'demo','c-edit','deadline.missed','',0,1795222481.0,1795222481.0,0,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(11,'demo','c-reply','suggestion.created','',0,1795222520.0,1795222520.0,1,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(12,'demo','c-reply','message.send','d-queued',0,1795222610.0,1795222610.0,1,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(13,'demo','c-reply','draft.held','',0,1795222620.0,1795222620.0,0,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(14,'demo','c-reply','deadline.missed','',0,1795222631.0,1795222631.0,0,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(15,'demo','c-fail','suggestion.created','',0,1795222700.0,1795222700.0,1,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(18,'demo','c-fail','deadline.missed','',0,1795222731.0,1795222731.0,0,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(19,'demo','c-reply','deadline.missed','',0,1795222781.0,1795222781.0,0,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(20,'demo','c-wait','suggestion.created','',0,1795222790.0,1795222790.0,1,'demo','',NULL,0,'');
INSERT INTO "outbox" VALUES(21,'demo','c-fail','deadline.warning','human_reply_3min',0,1795222800.0,1795222800.0,0,'demo','',NULL,0,'');
CREATE TABLE pick (
    seq INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    script TEXT NOT NULL,
    action TEXT NOT NULL,
    agent TEXT NOT NULL,
    asked TEXT NOT NULL,
    at INTEGER NOT NULL
);
INSERT INTO "pick" VALUES(1,'demo','c-done','ship.when','picked','小快','什么时候发货',1795218810);
INSERT INTO "pick" VALUES(2,'demo','c-done','ship.when','picked','小快','什么时候发货',1795218820);
INSERT INTO "pick" VALUES(3,'demo','c-reply','ship.when','picked','小快','什么时候发货',1795222510);
CREATE TABLE reply (
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    agent TEXT NOT NULL,
    text TEXT NOT NULL,
    script TEXT NOT NULL,
    override TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL,
    PRIMARY KEY (shop, conversation, id)
) WITHOUT ROWID;
INSERT INTO "reply" VALUES('demo','c-fail','d-failed','failed','小慢','亲，稍等。','','','{"verdict":"allow","rewrite":null,"findings":[]}','对方不收',1795222710);
INSERT INTO "reply" VALUES('demo','c-reply','d-held','held','小快','加我微信 abc88990 聊','','','{"verdict":"block","rewrite":"有问题您在这里直接问我就好，图片和资料我也可以在本窗口发给您。","findings":[{"rule":"contact.account","category":"off_platform_contact","action":"block","span":[0,15],"excerpt":"加我微信 abc88990 聊","reason":"出现站外账号或邀请加好友，属于引导站外联系，各平台都禁止，买家要求也不行。","source":"拼多多《商家客服管理规则》2.2、《诱导非官方交易》；京东“发布或推送第三方信息”；抖音《商家-诱导第三方细则》〔规则原文（转载）〕 处罚：拼多多：限制店铺功能、关闭客服工具直至扣保证金；京东 6–25 分；抖音 A4 分起","rewrite":"有问题您在这里直接问我就好，图片和资料我也可以在本窗口发给您。"}],"overridable":false}','',1795222620);
INSERT INTO "reply" VALUES('demo','c-reply','d-queued','queued','小快','亲，能发的。','','','{"verdict":"allow","rewrite":null,"findings":[]}','',1795222610);
INSERT INTO "reply" VALUES('demo','c-reply','d-sent','sent','小快','亲，今天下午发出。','ship.when','','{"verdict":"allow","rewrite":null,"findings":[]}','',1795222510);
CREATE UNIQUE INDEX fact_once ON fact (shop, key);
CREATE INDEX fact_of_conversation ON fact (shop, conversation, seq);
CREATE INDEX fact_at ON fact (shop, at);
CREATE INDEX conversation_waiting ON conversation (shop, due) WHERE due IS NOT NULL;
CREATE INDEX alarm_at ON alarm (at);
CREATE INDEX feed_of_shop ON feed (shop, seq);
CREATE INDEX outbox_of_conversation ON outbox (shop, conversation, seq);
CREATE INDEX pick_of_script ON pick (shop, script, at);
CREATE INDEX outbox_head_next ON outbox (next_at) WHERE head = 1;
CREATE INDEX outbox_head ON outbox (destination, next_at) WHERE head = 1;
CREATE INDEX outbox_waiting ON outbox (shop, conversation, seq) WHERE dead_at IS NULL;
CREATE INDEX outbox_reply_since ON outbox (first_at) WHERE dead_at IS NULL AND type = 'message.send';
CREATE INDEX outbox_since ON outbox (first_at) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_asked ON outbox (asked) WHERE asked = 1;
CREATE TRIGGER outbox_next_head AFTER DELETE ON outbox WHEN old.head = 1
BEGIN
    UPDATE outbox SET head = 1
    WHERE seq = (
        SELECT min(seq) FROM outbox
        WHERE shop = old.shop AND conversation = old.conversation AND destination = old.destination
            AND (type = 'message.send') = (old.type = 'message.send') AND dead_at IS NULL
    );
END;
CREATE TRIGGER outbox_after_buried AFTER UPDATE OF head ON outbox WHEN old.head = 1 AND new.head = 0
BEGIN
    UPDATE outbox SET head = 1
    WHERE seq = (
        SELECT min(seq) FROM outbox
        WHERE shop = old.shop AND conversation = old.conversation AND destination = old.destination
            AND (type = 'message.send') = (old.type = 'message.send') AND dead_at IS NULL
    );
END;
CREATE UNIQUE INDEX inspection_once ON inspection (shop, conversation, subject, rule, event, digest);
CREATE INDEX inspection_at ON inspection (shop, at);
CREATE INDEX inspection_of_rule ON inspection (shop, rule, event);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('feed',21);
INSERT INTO "sqlite_sequence" VALUES('inspection',1);
COMMIT;
