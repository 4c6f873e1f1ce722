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
new-agree = 我会把密钥存放在只有该应用能读取的地方，不放入代码、聊天或工单。一旦泄露，我会立即禁用该 AccessKey。
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
rotate-one-button = 创建新的 AccessKey
rotate-one-done = 已于{ $when }创建：
rotate-two = 让应用改用新的
rotate-two-text = 在所有使用旧 AccessKey 的地方换上新的 ID 和密钥。
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
change-key-replaces = 创建用于替换 { $value } 的 AccessKey
change-key-disabled = 禁用 AccessKey
change-key-enabled = 启用 AccessKey
change-key-deleted = AccessKey 移入回收站
change-key-restored = 恢复 AccessKey（禁用状态）
change-key-purged = AccessKey 从回收站彻底清除
