-- What an AccessKey is verified with. Of a public one, the public key stands sealed in `secret`, in PEM.
ALTER TABLE access_key ADD COLUMN kind TEXT NOT NULL DEFAULT 'secret' CHECK (kind IN ('secret', 'public'));
