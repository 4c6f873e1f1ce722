# 控制台的简体中文文案。各语言目录的 id 与变量一致，由测试保证。

## 所有页面
skip-to-content = 跳到正文
nav-label = 控制台导航
nav-access-keys = AccessKey
nav-projects = 项目
nav-debugger = 签名调试
nav-activity = 操作记录
nav-account = 账号
nav-administration = 系统管理
menu-label = 您的菜单
sign-out = 退出
language-label = 语言
cancel = 取消
copy = 复制
copied = 已复制

## 时间
time-moment = 片刻
time-minutes = { $n } 分钟
time-hours = { $n } 小时
time-days = { $n } 天
time-ago = { $span }前
time-ahead = { $span }后
time-now = 刚刚

## 出错
trouble-not-found = 页面不存在
trouble-not-found-text = 地址可能有误，或者所指的内容已不存在，或者属于其他账号。
trouble-foreign-form = 该表单不是从控制台提交的
trouble-foreign-form-text = 为了您的安全，只接受从控制台自身页面提交的更改。请重新打开页面后再试。
trouble-unreadable = 无法读取该表单
trouble-unreadable-text = 其中缺少内容，或格式与预期不符。请重新打开页面后再试。
trouble-too-large = 内容过大
trouble-too-large-text = 提交的内容超出了此页面的上限。
trouble-wrong-method = 该地址不是页面
trouble-wrong-method-text = 它只接收其他页面的表单。请返回并使用页面上的按钮。
trouble-too-many = 尝试次数过多
trouble-too-many-text = 请稍等片刻再试。
trouble-unavailable = 控制台无法访问数据库
trouble-unavailable-text = 没有任何更改。使用 AccessKey 签名的请求仍可正常验证。请稍后再试。
trouble-broken = 服务器出现问题
trouble-broken-text = 这不是您的操作造成的。服务器的运维人员可以用下面的编号在日志中查到原因。
trouble-request-id = 请求编号
trouble-home = 返回首页

## 无法完成
said-description = 描述须为一行，最多 128 个字符。
said-description-missing = 请填写该 AccessKey 的用途，方便日后辨认。
said-expiry-past = 到期时间已经过去。
said-expiry-date = 请选择到期日期。
said-networks = 请每行填写一个网段，例如 203.0.113.7 或 203.0.113.0/24，最多 20 个。
said-not-agreed = 请确认您会妥善保管密钥。
said-private-key = 这是私钥。它没有被保存，任何服务器都不需要它：请粘贴公钥。如果其他人能看到此页面，请考虑重新生成密钥对。
said-public-key = 这不是可用的公钥：应以 -----BEGIN PUBLIC KEY----- 开头，类型为不少于 2048 位的 RSA、Ed25519 或 ECDSA P-256。
said-public-key-missing = 请粘贴公钥。
said-public-key-unused = 您粘贴了公钥：请选择登记公钥，或清空该字段。
said-access-key-limit = 该账号的 AccessKey 已达上限（{ $n } 个），请先删除一个。
said-still-enabled = 它处于启用状态，请先禁用。
said-in-recycle-bin = 它在回收站中，请先恢复。
said-recycle-bin-over = 删除已超过 30 天，无法恢复，请另外创建。
said-already-so = 没有更改：此操作之前已经完成。
said-sent-twice = 该表单已提交过，AccessKey 已创建。密钥当时已显示，不会再次显示。
said-project-name = 项目名称为 3 至 28 个字母、数字或下划线，并以字母开头。
said-project-taken = 该名称已被占用，请换一个。
said-suspended = 该账号已被停用，请联系服务器管理员。
said-id-differs = 这不是该 AccessKey 的 ID。

## 已完成
notice-disabled = AccessKey { $about } 已禁用。
notice-enabled = AccessKey { $about } 已启用。
notice-deleted = AccessKey { $about } 已移入回收站，30 天内可以恢复。
notice-restored = AccessKey { $about } 已恢复，当前为禁用状态。
notice-project-created = 项目 { $about } 已创建。
notice-project-deleted = 项目 { $about } 已删除。
notice-in-force = 本节点在 { $ms } 毫秒后生效，修订号 { $revision }。

## AccessKey
keys-lead = 程序使用 AccessKey 为请求签名。请为每个应用使用单独的 AccessKey。
keys-create = 创建 AccessKey
keys-create-first = 创建第一个 AccessKey
keys-none = 还没有 AccessKey
keys-none-text = AccessKey 由 ID 和密钥组成。密钥用于为请求签名，从不随请求发送。
keys-caption = 共 { $n } 个 AccessKey
keys-limit = 最多 { $n } 个
keys-id = AccessKey ID
keys-status = 状态
keys-last-used = 最后使用
keys-created = 创建时间
keys-deleted = 删除时间
keys-restorable = 剩余可恢复时间
keys-expires = { $when }到期
keys-never = 从未使用
keys-actions = 操作
keys-manage = 管理
keys-manage-one = 管理 { $id }
keys-no-description = 无描述
status-enabled = 已启用
status-disabled = 已禁用
status-deleted = 已删除
status-expired = 已过期
kind-public = 公钥
chip-expires = { $span }后到期
chip-idle = 90 天未使用
chip-old = 建议轮换
recycle-bin = 回收站
recycle-bin-text = 已删除的 AccessKey 在此保留 30 天，之后将彻底清除。恢复后为禁用状态。
endpoint-is = 服务地址（Endpoint）

## 单个 AccessKey
key-age = 已创建 { $age }
key-expiry = 到期时间
key-anywhere = 不限
key-actions = 可执行的操作
key-disable = 禁用
key-disable-text = 用它签名的请求将在数毫秒内被拒绝。之后可以重新启用。
key-enable = 启用
key-enable-text = 重新接受用它签名的请求。
key-rotate = 轮换
key-rotate-text = 按步骤换成新的 AccessKey，业务不中断。
key-delete = 删除
key-delete-text = 移入回收站，保留 30 天。
key-delete-disabled-only = 只能删除已禁用的 AccessKey。
key-restore = 恢复
key-restore-one = 恢复 { $id }
key-restore-text = 从回收站取回，恢复后为禁用状态。
used-when = 时间
used-address = 来源地址
used-scheme = 签名方案
used-client = 客户端

## 创建
new-lead = 密钥仅在下一页显示一次。
new-description = 用途
new-description-hint = 将要使用它的应用，例如“每晚报表”。
new-expiry = 何时到期？
new-expiry-hint = 到期后即被拒绝。有效期越短，泄露的影响越小。
new-expiry-never = 永不到期
new-expiry-days = { $days } 天
new-expiry-date = 截止到当日结束
new-expiry-date-label = 最后一天（UTC）
new-networks = 来源网段
new-networks-hint = 选填：允许从哪里使用，每行一个网段。来自其他地址的请求会被拒绝。
new-networks-mine = 使用我的地址
new-networks-yours = 您当前的连接地址为
new-agree = 我会把密钥或私钥存放在只有该应用能读取的地方，不放入代码、聊天或工单。一旦泄露，我会立即禁用该 AccessKey。
new-kind = 用什么为请求签名？
new-kind-secret = 由服务器生成的密钥
new-kind-public = 您自己的私钥：在此登记对应的公钥
public-key = 公钥
public-key-label = PEM 格式的公钥
public-key-hint = 不少于 2048 位的 RSA、Ed25519 或 ECDSA P-256。私钥由您自己保管：请勿粘贴到任何地方。
public-algorithm = 算法
public-fingerprint = 指纹（SHA-256）
copy-public-key = 复制公钥
public-use = 用它签名
public-use-text = 客户端用私钥签名，并注明此 AccessKey ID。这里没有密钥：即使有人读到本服务器的数据，也无法据此签名。
public-how-rsa = RSA 可用于阿里云的请求签名（SHA256withRSA、ACS3-RSA-SHA256）以及 HTTP 消息签名（RFC 9421，rsa-pss-sha512）。除非服务器管理者允许，否则拒绝使用 SHA-1 的 RSA 签名。
public-how-ed25519 = Ed25519 可用于 HTTP 消息签名（RFC 9421，ed25519），以 AccessKey ID 作为 keyid。
public-how-ecdsa = ECDSA P-256 可用于 HTTP 消息签名（RFC 9421，ecdsa-p256-sha256），以 AccessKey ID 作为 keyid。
registered-title = 您的公钥已登记
registered-lead = 从现在起，接受用其私钥签名的请求。
registered-done = 前往 AccessKey 列表
registered-done-rotate = 返回轮换
copy-id = 复制 AccessKey ID
copy-secret = 复制 AccessKey 密钥
created-title = 新的 AccessKey
created-once = 密钥仅在此显示一次，请立即保存。之后任何人都无法再次查看。
created-secret = AccessKey 密钥（Secret）
download-ini = odps_config.ini
download-csv = CSV
download-env = 环境变量文件
first-use-waiting = 正在等待第一个签名请求…
first-use-seen = 连接成功：{ $time } 收到来自 { $address } 的签名请求。{ $client }
created-no-project = 您的账号还没有项目，而客户端需要指定项目。
created-no-project-link = 创建项目
created-files = 可直接使用
created-ini-hint = 供 odpscmd 使用：保存为 conf/odps_config.ini，并仅限本人读取。
created-env = 环境变量
created-env-hint = 供 shell 或服务管理器使用。下面的程序会读取这些变量。
file-ini-first = 供 odpscmd 使用：保存为 conf/odps_config.ini，或用 --config=FILE 指定。
file-secret = 其中含有密钥，请勿让他人读取：chmod 600。
snippets-title = 使用示例
snippets-text = 这些程序从环境变量读取 AccessKey，避免把密钥写进代码。
created-done = 我已保存密钥
created-done-rotate = 我已保存密钥，返回轮换页面

## 删除
delete-title = 删除该 AccessKey？
delete-lead = 它会移入回收站，30 天内可以恢复，之后将彻底清除。
delete-last-used = 最后使用于{ $when }。
delete-type = 输入其 ID 以确认

## 轮换
rotate-title = 轮换 AccessKey
rotate-lead = 在您禁用旧的 AccessKey 之前，两个都有效，业务无需停顿。您可以随时离开此页再回来，它会显示当前进度。
rotate-one = 创建新的 AccessKey
rotate-one-text = 沿用相同的描述。密钥仅显示一次。
rotate-one-public = 请生成新的密钥对，并登记其公钥。沿用相同的描述。
rotate-one-register = 登记新的公钥
rotate-one-button = 创建新的 AccessKey
rotate-one-done = 已于{ $when }创建：
rotate-two = 让应用改用新的
rotate-two-text = 在所有使用旧 AccessKey 的地方换上新的 ID 和密钥。
rotate-two-public = 在使用旧 ID 和私钥的地方换上新的。
rotate-old-used = 旧的最后使用
rotate-new-used = 新的最后使用
rotate-still-used = 新的创建之后，旧的 AccessKey 仍被使用过：还有应用没有切换。
rotate-not-used = 新的创建之后，旧的 AccessKey 没有再被使用。
rotate-new-unused = 新的 AccessKey 尚未被使用。
rotate-three = 禁用旧的
rotate-three-text = 遗漏的应用从此会被拒绝。请观察一段时间，必要时可以立即重新启用。
rotate-three-button = 禁用旧的
rotate-three-back = 重新启用
rotate-four = 删除旧的
rotate-four-text = 确认不再需要之后再删除。30 天内可以恢复。
rotate-four-button = 删除旧的

## 项目
projects-lead = 客户端登录时使用的名称，在本服务器上唯一。
projects-name = 项目
projects-hint = 3 至 28 个字母、数字或下划线，以字母开头。
projects-create = 创建项目
projects-none = 还没有项目。
projects-caption = 共 { $n } 个项目
projects-delete-one = 删除 { $name }
projects-delete-text = 之后登录该项目的客户端会被拒绝，且任何人都可以使用该名称。

## 签名调试
debug-lead = 粘贴被拒绝的请求，即可逐行查看服务器用于签名的内容，以及最可能的原因。
debug-request = 请求
debug-request-hint = curl -v 的输出、原始请求，或含有 method、request_target 和 headers 的 JSON。
debug-more = 更多信息（如有）
debug-client-string = 客户端的待签名字符串
debug-client-string-hint = 客户端日志中的待签名字符串，将逐行比较。
debug-base = 服务地址的路径
debug-base-hint = 服务地址中主机名之后的部分。
debug-explain = 分析
debug-again = 再试一个
debug-private = 粘贴的内容只在内存中分析，不会保存，并且只使用您自己账号的 AccessKey 进行验证。
debug-unreadable = 无法将其读取为请求。
debug-matches = 签名一致，请求会被接受。
debug-matches-refused = 签名一致，但请求仍会被拒绝。
debug-differs = 签名不一致。
debug-unjudged = 未对签名进行判断。
debug-cause = 原因
debug-likely = 可能的原因
debug-difference = 两侧的差异
debug-line = 行
debug-what = 内容
debug-text = 文本
debug-empty = （空）
debug-received = 服务器读到
debug-signed = 客户端签名
debug-canonical = 服务器读到的规范请求
debug-canonical-text = 待签名字符串中包含此文本的哈希值。
debug-string = 服务器的待签名字符串
debug-string-text = 签名必须基于以下内容。
debug-steps = 请求的读取过程
debug-key-foreign = 您的账号中没有此 ID 的 AccessKey，因此未判断签名。
debug-key-enabled = 属于您，已启用
debug-key-disabled = 属于您，但已禁用：请先启用
debug-key-deleted = 属于您，但已删除：请先恢复并启用

## 操作记录
activity-lead = 您账号中的全部更改，按生效顺序排列。
activity-filter = 筛选
activity-about = 类别
activity-all = 全部
activity-none = 没有记录。
activity-what = 内容
activity-by = 操作者
activity-revision = 修订号
activity-pages = 翻页
activity-newest = 最新
activity-older = 更早
refusals-title = 被拒绝的请求
refusals-text = 使用您的 AccessKey 而被拒绝的请求，按小时统计，保留 30 天。
refusals-none = 没有。
refusals-last = 最近一次
refusals-reason = 原因
refusals-count = 次数
actor-you = 您
actor-administrator = 管理员
actor-command-line = 命令行（{ $name }）
change-account-opened = 开通账号
change-account-suspended = 账号被停用
change-account-resumed = 账号恢复使用
change-account-closed = 账号已注销
change-email = 邮箱改为 { $value }
change-limit = AccessKey 上限改为 { $value } 个
change-appointed = 成为管理员
change-dismissed = 不再是管理员
change-registration-open = 开放注册
change-registration-invitation = 仅限受邀注册
change-registration-closed = 关闭注册
change-password = 设置密码
change-factor-added = 添加第二因素
change-factor-removed = 移除第二因素
change-recovery-codes = 生成新的恢复码
change-real-name-submitted = 提交实名信息
change-real-name-approved = 实名信息通过
change-real-name-rejected = 实名信息被退回：{ $value }
change-project-created = 创建项目 { $value }
change-project-deleted = 删除项目 { $value }
change-key-created = 创建 AccessKey：{ $value }
change-key-registered = 登记公钥作为 AccessKey：{ $value }
change-key-replaces = 创建用于替换 { $value } 的 AccessKey
change-key-disabled = 禁用 AccessKey
change-key-enabled = 启用 AccessKey
change-key-deleted = AccessKey 移入回收站
change-key-restored = 恢复 AccessKey（禁用状态）
change-key-purged = AccessKey 从回收站彻底清除

## 登录
sign-in = 登录
sign-in-lead = 使用您的邮箱和密码。
email = 邮箱
password = 密码
forgot-link = 忘记密码？
sign-up-link = 注册账号
factor-title = 还差一步
factor-lead = 您的账号需要验证第二因素。
factor-code = 验证码
factor-code-hint = 身份验证器应用中的六位数字，或一个恢复码。
factor-verify = 验证
factor-other = 换一个账号登录
prove-title = 请确认是您本人
prove-lead = 您即将进行重要操作，请再次输入密码。
prove-button = 继续
forgot-title = 重设密码
forgot-lead = 我们会向您的邮箱发送链接，一小时内有效，仅能使用一次。
forgot-button = 发送链接
said-sign-in = 邮箱或密码错误。
said-wrong-password = 密码错误。
said-second-factor = 验证码错误，或已被使用。
said-email = 该邮箱地址无法在此使用。
said-password-short = 密码至少 12 个字符。
said-password-long = 密码过长。
said-password-guessable = 该密码容易被猜到。请换一个更长的，由与您无关、彼此无关的词组成。

## 注册
sign-up = 注册账号
sign-up-lead = 您会收到一封带有链接的邮件，用于确认邮箱属于您。
sign-up-closed = 账号由服务器管理员开通，请联系管理员。
sign-up-invitation = 仅限受邀注册，请联系服务器管理员。
sign-up-no-mail = 本服务器不发送邮件，账号由管理员开通。
sign-up-have = 已有账号？请登录
new-password = 新密码
new-password-hint = 至少 12 个字符。用几个互不相关的词组成更好。
strength-short = 太短或太简单
strength-fair = 尚可，越长越好
strength-good = 很好
sent-title = 请查收邮件
sent-text = 如果 { $email } 可以在此使用，带有链接的邮件正在发送。
sent-nothing = 没有收到？请查看垃圾邮件，并确认地址无误。无论账号是否存在，此处的提示都相同。
mails-link = 本服务器的邮件
mails-title = 邮件
mails-lead = 这是试用服务器：邮件不会发出，只显示在这里。
mails-none = 还没有邮件。
link-over = 该链接已失效
link-over-text = 链接已被使用、已过期，或复制不完整。请重新申请。
link-sign-up-title = 开通账号
link-sign-up-text = 输入注册时设置的密码，使用该邮箱的账号就属于您。
link-sign-up-button = 开通账号
link-invitation-title = 您收到了邀请
link-invitation-text = 设置密码后，使用该邮箱的账号就属于您。
link-password-title = 设置新密码
link-password-text = 所有已登录该账号的浏览器都会退出。
link-password-button = 设置密码
link-email-title = 更换邮箱
link-email-text = 今后请用此邮箱登录。
link-email-button = 更换邮箱
link-start-title = 欢迎使用 Countersign
link-start-text = 本服务器还没有账号。您将开通第一个账号，它可以管理其他所有账号。
notice-account-opened = 账号已开通，请用新密码登录。
notice-password-reset = 密码已设置，请用它登录。
notice-email-changed = 邮箱已更换。

## 账号
save = 保存
profile-title = 基本信息
profile-id = 账号 ID
profile-since = 开通时间
profile-new-email = 新邮箱
profile-change-email = 更换邮箱
profile-email-hint = 我们会向新邮箱发送链接，打开之前不会有任何变化。
profile-language = 邮件语言
password-set = 上次设置于{ $when }。
password-none = 尚未设置密码。
password-change = 修改密码
password-change-hint = 其他浏览器都会退出登录。
factors-title = 第二因素
factors-text = 除密码之外，再加上只有您拥有的东西。即使密码泄露，他人也无法登录。
factor-totp = 身份验证器应用
factor-passkey = 通行密钥
factor-used = 最后使用于{ $when }
factor-unused = 从未使用
factor-remove = 移除
factor-remove-one = 移除 { $name }
factor-add = 添加身份验证器应用
factor-add-button = 添加
factor-new-codes = 生成新的恢复码
factor-codes-left = 还剩 { $n } 个恢复码
passkey-add = 添加通行密钥
passkey-lead = 通行密钥保存在您的设备或密码管理器中，只对本站有效，他人无法骗取。
passkey-use = 使用通行密钥
passkey-or = 验证码留空即可使用通行密钥。
passkey-failed = 未成功。请重试，或改用其他方式。
passkey-unsupported = 此浏览器无法在此使用通行密钥，请改用身份验证器应用。
totp-lead = 用身份验证器应用扫描图片，然后输入显示的验证码。
totp-qr = 用于身份验证器应用的二维码
totp-by-hand = 无法扫描？请在应用中输入以下密钥：
totp-name = 名称
totp-default-name = 身份验证器应用
totp-code = 应用显示的验证码
codes-title = 您的恢复码
codes-once = 请保存在没有手机也能找到的地方。每个恢复码可代替应用登录一次，且仅在此显示一次。
codes-download = 保存为文件
codes-done = 我已保存
sessions-title = 已登录的浏览器
sessions-text = 当前登录您账号的浏览器。
session-seen = 活动于{ $when }
session-this = 当前浏览器
session-end = 退出
session-end-others = 退出其他所有浏览器
real-name-title = 实名认证
real-name-lead = 本服务器要求在创建第一个 AccessKey 之前完成实名认证。信息加密保存，只有管理员可见。
real-name-name = 证件上的姓名
real-name-document = 证件
real-name-document-hint = 证件类型和号码，例如“护照 X1234567”。
real-name-submit = 提交
real-name-missing = 未提交
real-name-submitted = 等待管理员审核
real-name-approved = 已认证
real-name-rejected = 被退回
said-real-name = 请填写两项内容，每项最多 256 个字符。
said-real-name-needed = 创建 AccessKey 之前需要完成实名认证。
close-title = 注销账号
close-text = 您的 AccessKey 会立即被拒绝，之后无法再登录。
close-button = 注销账号
close-question = 要注销您的账号吗？
close-lead = 此操作无法撤销。您的 AccessKey 将被拒绝，项目名称仍被占用，邮箱可用于开通其他账号。
close-type = 输入 { $email } 以确认
said-email-differs = 这不是该账号的邮箱。
said-last-administrator = 您是最后一位管理员，请先任命其他管理员。
said-factor-limit = 第二因素已达上限，请先移除一个。
notice-language = 今后的邮件将使用该语言。
notice-password-changed = 密码已修改，其他浏览器均已退出。
notice-email-sent = 链接正在发送到新邮箱。
notice-factor-added = 已添加第二因素。
notice-factor-removed = 已移除第二因素。
notice-session-ended = 该浏览器已退出。
notice-sessions-ended = 其他浏览器均已退出。
notice-real-name-submitted = 实名信息已提交。
notice-closed = 账号已注销。
notice-signed-out = 您已退出。

## 邮件，主题中不含变量。
mail-end = Countersign。您收到此邮件，是因为使用您邮箱的账号有新的动态。
mail-sign-up-subject = 开通您的 Countersign 账号
mail-sign-up =
    有人（应该是您本人）用此邮箱申请了 Countersign 账号。

    请打开以下链接，用您设置的密码开通账号：
    { $link }

    链接仅能使用一次，有效期至 { $expires }。如果不是您本人操作，请忽略，不会开通任何账号。
mail-already-registered-subject = 您已有 Countersign 账号
mail-already-registered =
    有人（应该是您本人）想用此邮箱注册 Countersign 账号，但该邮箱已有账号。

    请在此登录：
    { $link }

    如果忘记了密码，可以在那里重设。如果不是您本人操作，无需处理。
mail-invitation-subject = 邀请您使用 Countersign
mail-invitation =
    您受邀用此邮箱开通 Countersign 账号。请在此设置密码：
    { $link }

    链接仅能使用一次，有效期至 { $expires }。
mail-password-reset-subject = 重设密码
mail-password-reset =
    有人（应该是您本人）想重设 Countersign 账号的密码。请在此操作：
    { $link }

    链接仅能使用一次，有效期至 { $expires }。如果不是您本人操作，请忽略，密码不会改变。
mail-password-changed-subject = 您的密码已修改
mail-password-changed =
    您的 Countersign 账号密码已于 { $at } 修改。

    如果不是您本人操作，请立即重设：
    { $link }
mail-new-device-subject = 新的浏览器登录了您的账号
mail-new-device =
    有新的浏览器登录了您的 Countersign 账号。

    时间：  { $at }
    来源：  { $address }
    浏览器：{ $client }

    如果不是您本人操作，请让该浏览器退出并修改密码：
    { $link }
mail-email-change-subject = 确认您的新邮箱
mail-email-change =
    请在已登录 Countersign 账号的浏览器中打开以下链接，将此邮箱设为账号邮箱：
    { $link }

    链接仅能使用一次，有效期至 { $expires }。如果您不清楚此事，请忽略。
mail-email-changed-subject = 您的邮箱已更换
mail-email-changed =
    您的 Countersign 账号邮箱已更换为 { $email }，今后的邮件将发送到新邮箱。

    如果不是您本人操作，请立即联系服务器管理员。
mail-factor-added-subject = 已添加第二因素
mail-factor-added =
    您的 Countersign 账号添加了第二因素：{ $name }

    如果不是您本人操作，请移除它并修改密码：
    { $link }
mail-factor-removed-subject = 已移除第二因素
mail-factor-removed =
    您的 Countersign 账号移除了第二因素：{ $name }

    如果不是您本人操作，请修改密码并重新添加：
    { $link }
mail-recovery-codes-subject = 已生成新的恢复码
mail-recovery-codes =
    您的 Countersign 账号生成了新的恢复码，旧的已失效。

    如果不是您本人操作，请重新生成并修改密码：
    { $link }
mail-recovery-code-used-subject = 有恢复码被使用
mail-recovery-code-used =
    有人用恢复码登录了您的 Countersign 账号，剩余数量：{ $left }

    如果不是您本人操作，请修改密码并生成新的恢复码：
    { $link }
mail-closed-subject = 您的账号已注销
mail-closed = 您的 Countersign 账号已注销，其 AccessKey 将不再被接受。
mail-suspended-subject = 您的账号已被停用
mail-suspended =
    您的 Countersign 账号已被管理员停用，恢复之前其 AccessKey 将被拒绝。

    请联系服务器管理员。
mail-resumed-subject = 您的账号已恢复
mail-resumed =
    您的 Countersign 账号已恢复，其 AccessKey 重新有效，您可以登录：
    { $link }
mail-real-name-approved-subject = 您已通过实名认证
mail-real-name-approved =
    管理员已通过您的实名认证，现在可以创建 AccessKey：
    { $link }
mail-real-name-rejected-subject = 您的实名认证未通过
mail-real-name-rejected =
    管理员未能通过您的实名认证，原因：{ $reason }

    您可以重新提交：
    { $link }
mail-key-expires-subject = AccessKey 即将到期
mail-key-expires =
    您的 AccessKey { $id }（{ $description }）将于 { $at } 到期，之后会被拒绝。

    如果仍在使用，请提前更换：
    { $link }
mail-key-old-subject = 建议轮换 AccessKey
mail-key-old =
    您的 AccessKey { $id }（{ $description }）创建于 { $at }，已达到此处规定的使用期限。

    请按步骤更换，业务不中断：
    { $link }
mail-password-old-subject = 请更换密码
mail-password-old =
    您的 Countersign 账号密码设置于 { $at }。服务器管理员建议您更换：
    { $link }
mail-test-subject = Countersign 测试邮件
mail-test = 您收到了此邮件，说明 Countersign 的邮件可以送达。

## 系统管理
admin-accounts = 账号
admin-search = 邮箱或账号 ID
admin-find = 搜索
admin-none = 没有找到账号。
admin-more = 更多
admin-status = 状态
admin-in-force = 正常
admin-suspended = 已停用
admin-closed = 已注销
admin-administrator = 管理员
admin-limit = AccessKey 上限
admin-set-limit = 设置上限
admin-suspend = 停用
admin-suspend-text = 恢复之前，其所有 AccessKey 被拒绝，登录会话全部退出。
admin-resume = 恢复
admin-resume-text = 其 AccessKey 重新有效。
admin-appoint = 设为管理员
admin-appoint-text = 可以执行这些页面上的所有操作。
admin-dismiss = 取消管理员
admin-dismiss-text = 成为普通账号。
admin-registration = 注册
admin-registration-text = 谁可以自行开通账号。
admin-registration-open = 任何能验证邮箱的人
admin-registration-invitation = 仅限受邀
admin-registration-closed = 不开放
admin-invite = 邀请
admin-invite-text = 开通账号的链接会发送到该邮箱。
admin-real-names = 待审核的实名信息
admin-real-names-none = 没有待审核的信息。
admin-look = 查看
admin-approve = 通过
admin-reject = 退回
admin-reason = 原因（账号所有者可见）
admin-submitted = 提交时间
admin-mail = 邮件
admin-mail-on = 邮件正常发送。
admin-mail-shown = 邮件不会发出，只显示在本服务器的页面上。
admin-mail-off = 未配置邮件服务器：无法注册，也无法重设忘记的密码。
admin-mail-test = 向我的邮箱发送测试邮件
said-not-suspended = 它没有被停用。
said-email-taken = 该邮箱已有账号。
said-registration-closed = 注册已关闭，请先允许邀请。
said-number = 请填写整数。
notice-registration = 注册方式已更改。
notice-invited = 邀请正在发送。
notice-mail-test = 测试邮件正在发送，请查收。
notice-suspended = 账号已停用。
notice-resumed = 账号已恢复。
notice-limit = 上限已设置。
notice-appointed = 该账号现在是管理员。
notice-dismissed = 该账号不再是管理员。
notice-real-name-approved = 实名信息已通过。
notice-real-name-rejected = 实名信息已退回。
